/**
 * A fused kernel as an operator: the emitted loop of `kernel-source.ts` with what surrounds it. It
 * compiles when the first batch comes, and again whenever a lambda turns out to read a column that
 * was not decoded: the batch is widened and run anew. A run has no effect outside its own arrays
 * until it ends, so running a batch twice is the same as running it once.
 */
import { type Batch, columnOf } from '../data/batch.ts'
import { type Column, isText, newColumn } from '../data/column.ts'
import { Pool } from '../data/pool.ts'
import type { AnySchema } from '../data/schema.ts'
import { readValue } from '../data/value.ts'
import { Fault, throwSite } from '../fault.ts'
import { passes } from '../io/condition.ts'
import type { Node, Operations } from '../plan/node.ts'
import type { Awaitable, Emit, Operator, TaskContext } from './operator.ts'
import { compile } from './door.ts'
import { storedBound } from '../data/stored-bound.ts'
import { type Emitted, emitKernel } from './kernel-source.ts'
import { type Env, envOf } from './env.ts'
import type { Kept } from './repeats.ts'
import { Texts, writeNamed } from './write-code.ts'

/** What operators share within a worker's instance of a stage; `task` changes from task to task. */
export interface StageScope {
  task: TaskContext
  /** The side inputs that a node's lambdas see. */
  sidesOf(node: Node): unknown
}

type Run = (
  columns: (Column | null)[],
  texts: (Texts | null)[],
  rows: number,
  from: Int32Array | null,
  to: Int32Array,
) => number

/** Entries, and bytes, after which a derived text column starts a new dictionary. */
const TEXTS_MAX = 1 << 16
const TEXT_BYTES_MAX = 16 << 20

const hasRoom = ({ count, size }: Pool): boolean => count < TEXTS_MAX && size < TEXT_BYTES_MAX

class Missed {
  slot: number
  constructor(slot: number) {
    this.slot = slot
  }
}

export class Kernel implements Operator {
  readonly #nodes: readonly Node[]
  readonly #input: Env
  readonly #emit: Emit
  readonly #scope: StageScope
  readonly #have = new Set<number>()
  readonly #schema: AnySchema
  #emitted: Emitted | null = null
  #run: Run | null = null
  #columns: (Column | null)[] = []
  #texts: (Texts | null)[] = []
  #capacity = 0
  #batch: Batch | null = null
  #selection = new Int32Array(0)
  #kept: ({ from: Pool; to: Pool | null; kept: Kept } | null)[] = []
  #refused: { step: number; row: number; error: unknown }[] = []
  readonly #q: { missed: number; step: number; row: number; dropped: number[]; rejected: number[] }

  constructor(nodes: readonly Node[], input: AnySchema, emit: Emit, scope: StageScope) {
    this.#nodes = nodes
    this.#input = envOf(input)
    this.#emit = emit
    this.#scope = scope
    this.#schema = (nodes.at(-1) as Node).schema
    const zeros = nodes.map(() => 0)
    this.#q = { missed: -1, step: 0, row: 0, dropped: [...zeros], rejected: [...zeros] }
  }

  push(batch: Batch): Awaitable {
    this.#batch = batch
    let kept = -1
    while (kept < 0) kept = this.#attempt(batch)
    const emitted = this.#emitted as Emitted
    this.#account(batch, kept)
    if (kept === 0) return
    const narrowed = emitted.drops && kept < batch.selected
    const columns = this.#columns
    const out: Batch = {
      schema: this.#schema,
      columns: emitted.output.map(b => columns[b.slot] ?? null),
      rows: batch.rows,
      selection: narrowed ? this.#selection : batch.selection,
      selected: kept,
      origin: batch.origin,
      widen: null,
    }
    emitted.output.forEach((b, i) => {
      const column = out.columns[i]
      if (column && column.kind !== b.kind) out.columns[i] = { ...column, kind: b.kind }
    })
    if (batch.widen)
      out.widen = index => {
        const b = emitted.output[index] as Env[number]
        out.columns[index] = { ...columnOf(batch, b.slot), kind: b.kind }
      }
    return this.#emit(out)
  }

  finish(): void {}

  /** One run over the batch; -1 where it must be run again with more columns. */
  #attempt(batch: Batch): number {
    this.#prepare(batch)
    const q = this.#q
    q.missed = -1
    this.#refused.length = 0
    let kept = 0
    try {
      const run = this.#run as Run
      kept = run(this.#columns, this.#texts, batch.selected, batch.selection, this.#selection)
    } catch (error) {
      if (q.missed < 0) throw this.#fault(q.step, q.row, error)
    }
    if (q.missed < 0) return kept
    this.#have.add(q.missed)
    this.#run = null
    return -1
  }

  #prepare(batch: Batch): void {
    for (const [slot, column] of batch.columns.entries()) if (column) this.#have.add(slot)
    if (this.#run === null) this.#compile()
    const emitted = this.#emitted as Emitted
    for (const slot of this.#have) columnOf(batch, slot)
    const inputs = this.#input.length
    for (let slot = 0; slot < inputs; slot++) this.#columns[slot] = batch.columns[slot] ?? null
    if (batch.rows > this.#capacity || this.#columns.length < inputs + emitted.derived.length) {
      this.#capacity = Math.max(batch.rows, this.#capacity)
      this.#selection = new Int32Array(this.#capacity)
      emitted.derived.forEach((kind, i) => {
        this.#columns[inputs + i] = newColumn(kind, this.#capacity)
      })
    }
    emitted.derived.forEach((kind, i) => {
      if (!isText(kind)) return
      const known = this.#texts[inputs + i]
      const texts = known && hasRoom(known.pool) ? known : new Texts(new Pool(true))
      this.#texts[inputs + i] = texts
      ;(this.#columns[inputs + i] as Column).pool = texts.pool
    })
  }

  #compile(): void {
    let emitted = emitKernel(this.#nodes, this.#input, this.#have)
    const before = this.#have.size
    for (const slot of emitted.needed) this.#have.add(slot)
    if (this.#have.size > before) emitted = emitKernel(this.#nodes, this.#input, this.#have)
    this.#emitted = emitted
    this.#kept = emitted.repeats.map(() => null)
    const q = this.#q
    const scope = this.#scope
    const miss = (slot: number) => {
      q.missed = slot
      throw new Missed(slot)
    }
    const refuse = (step: number, row: number, error: unknown) =>
      this.#refused.push({ step, row, error })
    const names = ['F', 'Z', 'Q', 'R', 'W', 'M', 'E', 'C', 'O', 'P', 'U', 'H', 'G']
    this.#run = compile('kernel', names, emitted.body, [
      emitted.lambdas.map(l => l.fn),
      emitted.lambdas.map(l => scope.sidesOf(l.node)),
      q,
      readValue,
      writeNamed,
      miss,
      refuse,
      (value: unknown, step: number) => rowResult((this.#nodes[step] as Node).schema, value),
      (known: string, row: number) => this.#known(known, row),
      (id: number, column: Column, row: number) =>
        passes((emitted.tests[id] as Emitted['tests'][number]).test, readValue(column, row))
          ? 1
          : 2,
      (id: number) => {
        const { test, kind } = emitted.tests[id] as Emitted['tests'][number]
        return storedBound(kind, test.value as number)
      },
      (name: string) => {
        throw new Fault('engine', `column ${JSON.stringify(name)} was left out, yet it is read`, {
          detail: this.#nodes.map(node => `step  ${node.name}  ${node.at}`),
        })
      },
      (id: number, pool: Pool) => this.#keep(id, pool),
    ]) as Run
  }

  /** Results by code of a pool, as long as it and the results' own pool stay. */
  #keep(id: number, from: Pool): Kept {
    const slot = (this.#emitted as Emitted).repeats[id] as number
    const to = this.#texts[slot]?.pool ?? null
    const known = this.#kept[id]
    const same = known?.from === from && known.to === to
    if (same && known.kept.state.length >= from.count) return known.kept
    // Codes of a pool that is not unique do not repeat.
    const room = from.unique ? Math.max(from.count, 128) * 2 : 0
    const kept = { state: new Uint8Array(room), values: new Float64Array(slot < 0 ? 0 : room) }
    if (same) kept.state.set(known.kept.state)
    if (same) kept.values.set(known.kept.values)
    this.#kept[id] = { from, to, kept }
    return kept
  }

  #known(known: string, row: number): unknown {
    const { origin } = this.#batch as Batch
    if (known === 'runId') return this.#scope.task.runId
    if (known === 'sourceUri') return origin?.uri ?? ''
    return origin?.offsets ? (origin.offsets[row] as number) : (origin?.firstRow ?? 0) + row
  }

  #account(batch: Batch, kept: number): void {
    const { account } = this.#scope.task
    let alive = batch.selected
    this.#nodes.forEach((node, step) => {
      const dropped = this.#q.dropped[step] as number
      const rejected = this.#q.rejected[step] as number
      account.add(node.id, 'in', alive)
      if (dropped > 0) {
        account.add(node.id, 'filtered', dropped)
        account.drop(node.id, (node.op as Operations['filter']).reason, dropped)
      }
      if (rejected > 0) account.add(node.id, 'rejected', rejected)
      alive -= dropped + rejected
      account.add(node.id, 'out', alive)
    })
    if (alive !== kept)
      throw new Fault('engine', `a kernel kept ${kept} rows, its steps account for ${alive}`)
    for (const { step, row, error } of this.#refused) this.#reject(step, row, error)
    this.#refused.length = 0
  }

  #reject(step: number, row: number, error: unknown): void {
    const node = this.#nodes[step] as Node
    const { origin } = this.#batch as Batch
    this.#scope.task.reject(node.id, {
      reason: error instanceof Error ? error.message : String(error),
      column: null,
      uri: origin?.uri ?? null,
      line: null,
      offset: origin?.offsets?.[row] ?? null,
      raw: this.#rowText(step, row),
    })
  }

  #fault(step: number, row: number, error: unknown): Fault {
    const node = this.#nodes[step] as Node
    return userFault(node, error, this.#rowText(step, row), (this.#batch as Batch).origin, row)
  }

  #rowText(step: number, row: number): string {
    const env = (this.#emitted as Emitted).before[step] as Env
    const batch = this.#batch as Batch
    const entries = env.map(b => {
      try {
        // All columns, also those that no step reads: what is told of a row depends on the row alone.
        const column = b.slot < this.#input.length ? columnOf(batch, b.slot) : this.#columns[b.slot]
        if (!column) return [b.name, undefined] as const
        return [b.name, readValue({ ...column, kind: b.kind }, row)] as const
      } catch (error) {
        return [b.name, String(error)] as const
      }
    })
    return rowJson(Object.fromEntries(entries))
  }
}

/** A row as one line of JSON, for messages and rejects: bigints as text, bytes as base64. */
export const rowJson = (row: unknown): string =>
  JSON.stringify(row, (_, v) => {
    if (typeof v === 'bigint') return String(v)
    return v instanceof Uint8Array ? Buffer.from(v).toString('base64') : v
  })

/** What a user's function did wrong, with the line of the user's file, the row and its place. */
export function userFault(
  node: Node,
  error: unknown,
  row: string,
  origin: Batch['origin'],
  index: number,
): Fault {
  if (error instanceof Fault) return error
  const said = error instanceof Error ? error.message : String(error)
  const kind = error instanceof Error ? error.name : 'a value'
  const wrong = error instanceof Error && error.constructor.name === 'ValueError'
  const detail = [`row   ${row.length > 500 ? `${row.slice(0, 500)}…` : row}`]
  const site = wrong ? '' : throwSite(error)
  if (site !== '') detail.unshift(`threw ${site}`)
  const offset = origin?.offsets?.[index]
  if (origin) detail.push(`from  ${origin.uri}${offset === undefined ? '' : ` at byte ${offset}`}`)
  return new Fault(
    'data',
    wrong ? `${node.name} returned a wrong value: ${said}` : `${node.name} threw ${kind}: ${said}`,
    {
      at: node.at,
      detail,
      hint: "mend the function, or send such rows to the step's rejects with onError: 'deadLetter'",
    },
  )
}

/** Checks that a function returned a row of the schema: an object, without other columns. */
export function rowResult(schema: AnySchema, value: unknown): object {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`expected a row, got ${value === null ? 'null' : typeof value}`)
  if (value instanceof Promise) throw new TypeError('expected a row, got a Promise: use mapAsync')
  let count = 0
  for (const _ in value) count++
  if (count > schema.list.length) {
    const extra = Object.keys(value).filter(name => !(name in schema.fields))
    if (extra.length > 0)
      throw new TypeError(
        `column ${extra.map(e => JSON.stringify(e)).join(', ')} is not in the schema`,
      )
  }
  return value
}
