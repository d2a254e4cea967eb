/**
 * Reads one split: the rows of a range in the run's snapshot, batch by batch. Rows that the steps after
 * it drop are not asked for, and counted by the server; those whose values do not fit always are.
 */
import { type Batch, dense } from '../../../engine/data/batch.ts'
import { type Column, isText, newColumn } from '../../../engine/data/column.ts'
import { schemaOf } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { LeaveOut } from '../../../engine/io/condition.ts'
import type { ReadRequest, Split, SplitReader } from '../../../engine/io/source.ts'
import { type Binding, selected } from './bind.ts'
import { conditionSql } from './conditions.ts'
import { CopyOut, type Located } from './copy-out.ts'
import { flawText } from './flaw-text.ts'
import { Flaws } from './flaws.ts'
import type { Session } from './session.ts'
import { adopt } from './snapshot.ts'
import type { Detail } from './source.ts'
import { Texts } from './texts.ts'

interface Place {
  readonly address: string
  readonly split: Split
  readonly detail: Detail
  readonly bindings: readonly Binding[]
}

export class SplitRead implements SplitReader {
  readonly #session: Session
  readonly #place: Place
  readonly #request: ReadRequest
  readonly #copy: CopyOut
  readonly #columns: Column[]
  readonly #texts: (Texts | null)[]
  readonly #flaws = new Flaws()
  /** By position: decoded with each batch. */
  readonly #decoded: boolean[]
  readonly #schema: Batch['schema']
  #firstRow = 0
  #batch: Batch | null = null
  #ended = false

  static async open(place: Place, request: ReadRequest): Promise<SplitRead> {
    const session = await adopt(place.address, place.detail.snapshot)
    try {
      const left = await leftOut(session, place, request.leaveOut)
      return new SplitRead(session, place, request, left)
    } catch (error) {
      session.destroy()
      throw error
    }
  }

  private constructor(session: Session, place: Place, request: ReadRequest, left: string) {
    const { bindings, detail } = place
    this.#session = session
    this.#place = place
    this.#request = request
    this.#schema = schemaOf(bindings.map(b => b.field))
    this.#columns = bindings.map(b => newColumn(b.field.kind, request.rowsPerBatch))
    this.#texts = this.#columns.map(c => (isText(c.kind) ? new Texts(c) : null))
    this.#decoded = bindings.map((b, i) => b.flaw !== null || (request.wanted[i] as boolean))
    const columns = selected(bindings, detail.facts.key)
    const sql = `COPY (SELECT ${columns.join(', ')} FROM ${detail.facts.sql} WHERE ${detail.rows}${left}) TO STDOUT (FORMAT binary)`
    this.#copy = new CopyOut(sql, {
      fields: columns.length,
      rowsMax: request.rowsPerBatch,
      oversized: (bytes, first) => this.#oversized(bytes, first),
    })
    session.submit(this.#copy)
  }

  get #keys(): number {
    return this.#place.detail.facts.key.length
  }

  async next(): Promise<Batch | null> {
    this.#firstRow += this.#batch?.rows ?? 0
    this.#batch = null
    if (this.#ended) return null
    const rows = await this.#copy.next().catch(error => {
      throw this.#session.fault(error, { what: `${this.#place.split.uri} cannot be read on` })
    })
    if (rows === 0) {
      this.#ended = true
      return null
    }
    return this.#decode(this.#copy.located)
  }

  #decode(located: Located): Batch {
    const { split } = this.#place
    this.#flaws.begin(located.rows)
    this.#decoded.forEach((wanted, i) => {
      if (wanted) this.#column(located, i)
    })
    const columns = this.#columns.map((c, i) => (this.#decoded[i] ? c : null))
    this.#batch = {
      ...dense(this.#schema, columns, located.rows),
      origin: { uri: split.uri, offsets: null, firstRow: this.#firstRow },
    }
    if (this.#flaws.any) this.#sift(this.#batch)
    this.#request.advance(bytesOf(located))
    return this.#batch
  }

  #column(located: Located, index: number): void {
    const column = this.#columns[index] as Column
    const binding = this.#place.bindings[index] as Binding
    const into = { column, index, flaws: this.#flaws, texts: this.#texts[index] ?? null }
    binding.decode(located, this.#keys + index, into)
  }

  /** Takes the rows that do not fit out of the batch. */
  #sift(batch: Batch): void {
    const selection = new Int32Array(batch.rows)
    let selectedRows = 0
    for (let row = 0; row < batch.rows; row++) {
      if (this.#flaws.of(row) === 0) selection[selectedRows++] = row
      else this.#reject(row)
    }
    batch.selection = selection
    batch.selected = selectedRows
  }

  #reject(row: number): void {
    const index = this.#flaws.column(row)
    const { field } = this.#place.bindings[index] as Binding
    const { located } = this.#copy
    const key = this.#keyOf(located, row)
    this.#request.reject({
      reason: flawText(
        located,
        { row, field: this.#keys + index, flaw: this.#flaws.of(row), name: field.name },
        field.kind,
      ),
      column: field.name,
      uri: this.#place.split.uri,
      line: null,
      offset: null,
      raw: key,
    })
  }

  #oversized(bytes: number, first: Located): void {
    this.#request.reject({
      reason: `the row has ${bytes} bytes, more than are held at once`,
      column: null,
      uri: this.#place.split.uri,
      line: null,
      offset: null,
      raw: this.#keyOf(first, first.rows - 1),
    })
  }

  /** The row's primary key as JSON; empty where the table has none. */
  #keyOf({ bytes, at, lengths, stride }: Located, row: number): string {
    const { key } = this.#place.detail.facts
    if (key.length === 0) return ''
    const values = key.map((name, k) => {
      const [start, length] = [at[k * stride + row] as number, lengths[k * stride + row] as number]
      return [name, length < 0 ? null : bytes.toString('utf8', start, start + length)]
    })
    return JSON.stringify(Object.fromEntries(values))
  }

  widen(wanted: readonly boolean[]): Batch {
    const batch = this.#batch
    if (batch === null) throw new Fault('engine', 'there is no batch to widen')
    this.#decoded.forEach((known, i) => {
      if (known || !wanted[i]) return
      this.#decoded[i] = true
      this.#column(this.#copy.located, i)
      batch.columns[i] = this.#columns[i] as Column
    })
    return batch
  }

  end(): null {
    return null
  }

  async close(): Promise<void> {
    // In the middle of a copy the server is told by a closed connection.
    if (this.#ended) await this.#session.close()
    else this.#session.destroy()
  }
}

/** Of the rows themselves, without what frames them. */
function bytesOf({ at, lengths, stride, rows }: Located): number {
  if (rows === 0) return 0
  const last = at.length - stride + rows - 1
  return (at[last] as number) + Math.max(0, lengths[last] as number) - (at[0] as number)
}

/**
 * What of the conditions is asked of the server, as the end of a WHERE: a row stays that passes them,
 * or that has to be rejected. Those that do not are counted in the same snapshot, by the first that they fail.
 */
async function leftOut(
  session: Session,
  { bindings, detail }: Place,
  leaveOut: LeaveOut | undefined,
): Promise<string> {
  const conditions: string[] = []
  for (const condition of leaveOut?.conditions ?? []) {
    const sql = conditionSql(condition, bindings)
    // Those behind one that is not asked count only rows that pass it.
    if (sql === null) break
    conditions.push(sql)
  }
  if (leaveOut === undefined || conditions.length === 0) return ''
  const flaws = bindings.flatMap(b => (b.flaw === null ? [] : [`(${b.flaw})`]))
  const flawed = flaws.length === 0 ? 'false' : `(${flaws.join(' OR ')}) IS TRUE`
  const counts = conditions.map((sql, i) => {
    const before = conditions.slice(0, i).map(c => `(${c}) AND `)
    return `count(*) FILTER (WHERE ${before.join('')}NOT (${sql}))::float8 AS c${i}`
  })
  const [found] = await session.rows(
    `SELECT ${counts.join(', ')} FROM ${detail.facts.sql} WHERE ${detail.rows} AND NOT (${flawed})`,
  )
  conditions.forEach((_, by) => {
    const rows = found?.[`c${by}`] as number
    if (rows > 0) leaveOut.skipped(rows, by)
  })
  return ` AND ((${conditions.map(c => `(${c})`).join(' AND ')}) OR ${flawed})`
}
