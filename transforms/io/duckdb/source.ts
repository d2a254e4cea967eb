/**
 * Reads a table of a DuckDB file. Planning copies the columns and rows that are asked for, in their order,
 * to Parquet in the run's own folder: in one transaction, so one state of the table, whatever this run or
 * another one of this process writes to the file meanwhile. Threads then read row groups of the copy; none
 * of them opens the DuckDB file, whose locks belong to a process as a whole.
 */
import { createReadStream, existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type AnySchema, describe } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { Condition } from '../../../engine/io/condition.ts'
import type {
  PlanRequest,
  PlanRoom,
  ReadRequest,
  SourcePlan,
  Split,
  SplitReader,
} from '../../../engine/io/source.ts'
import { parquet } from '../parquet/index.ts'
import { testsOf } from '../table/where.ts'
import type { TableRead } from '../table/source.ts'
import type { TableReader } from '../table/warehouses.ts'
import { type Binding, bind } from './bind.ts'
import { conditionSql } from './conditions.ts'
import { CopiedRead } from './copied-read.ts'
import { copiedName, copyPrefix, copyRows, type Wanted } from './copy.ts'
import { refuseOther } from './errors.ts'
import { type Span, spanOf } from './incremental.ts'
import { Session } from './session.ts'
import { sameState } from './state.ts'
import { factsOf, type TableFacts } from './table-facts.ts'

/** A part of the copy. A resumed run knows it by its fingerprint: it makes a copy of its own. */
interface Detail {
  readonly fingerprint: string
  readonly path: string
  readonly part: Split
}

/** Where sizes alone are asked for: nothing is copied to look them up. */
const SIZES_ONLY: Omit<PlanRoom, 'folder'> = { memoryBytes: 64e6, threads: 1 }
const BYTES_A_VALUE = 8

export class DuckDbTable implements TableReader {
  readonly #uri: string
  readonly #path: string
  readonly #asked: TableRead
  readonly #schema: AnySchema
  readonly #where: Condition
  readonly #copies = new Set<string>()

  constructor(uri: string, asked: TableRead, schema: AnySchema) {
    this.#uri = uri
    this.#path = uri.slice('duckdb:'.length)
    this.#asked = asked
    this.#schema = schema
    const tests = Object.entries(asked.where)
    this.#where = tests.flatMap(([column, test]) => testsOf(asked.table, column, test))
  }

  /** The copy stays until `release`, or goes with the run's folder. */
  async plan(request: PlanRequest): Promise<SourcePlan> {
    this.#refuseOther()
    const { room } = request
    const { memoryBytes, threads } = room ?? SIZES_ONLY
    const tempDirectory = room ? join(room.folder, 'duckdb') : ''
    const limits = { memoryBytes, threads, tempDirectory }
    const session = await Session.open(this.#uri, limits, { readOnly: true })
    try {
      sameState(this.#path, request.scope)
      const facts = await factsOf(session, this.#path, this.#asked.table)
      const bindings = bind(this.#schema, facts)
      const where = conditionSql(this.#where, bindings, facts.shown)
      const span = await this.#span(session, { facts, bindings }, request)
      if (room === undefined) return this.#guess(facts, request)
      const rows = [where, span?.condition ?? 'true'].join(' AND ')
      const paths = await this.#copy(session, { facts, bindings, rows }, room.folder)
      return { ...(await this.#planned(paths, request)), ...newsOf(span) }
    } finally {
      session.close()
    }
  }

  #refuseOther(): void {
    const shown = `duckdb file ${this.#path}`
    if (!existsSync(this.#path))
      throw new Fault('data', `${shown} is not there`, { hint: 'load it first, or mend its path' })
    if (!statSync(this.#path).isFile()) throw new Fault('data', `${shown} is no file`)
    refuseOther(this.#path, 'name a file that DuckDB, or a run with duckdb:PATH, has written')
  }

  #span(
    session: Session,
    { facts, bindings }: { facts: TableFacts; bindings: readonly Binding[] },
    request: PlanRequest,
  ): Promise<Span> | null {
    const { incremental } = this.#asked
    if (incremental === null) return null
    const by = bindings.find(b => b.field.name === incremental.by) as Binding
    return spanOf(session, { by, facts, overlapMs: incremental.overlapMs }, request)
  }

  async #copy(session: Session, wanted: Wanted, folder: string): Promise<string[]> {
    const paths: string[] = []
    const begun = (path: string): void => {
      this.#copies.add(path)
      paths.push(path)
    }
    await copyRows(session, wanted, { prefix: copyPrefix(folder, this.#path, wanted), begun })
    return paths
  }

  async #planned(paths: readonly string[], request: PlanRequest): Promise<SourcePlan> {
    const version = await digestOf(paths)
    const shape = describe(this.#schema)
    const skipped = (request.conditions ?? []).map((_, by) => ({ by, rows: 0 }))
    const splits: Split[] = []
    for (const [file, path] of paths.entries()) {
      const planned = await this.#copied(path).plan(request)
      for (const part of planned.splits) {
        const { uri: _, ...rest } = part
        const fingerprint = JSON.stringify([version, shape, file, rest])
        const detail: Detail = { fingerprint, path, part }
        splits.push({ ...rest, uri: this.#shown, detail })
      }
      for (const { by, rows } of planned.skipped ?? [])
        (skipped[by] as { rows: number }).rows += rows
    }
    const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0)
    const inputs = [{ uri: `${this.#path}.${this.#asked.table}`, bytes, version }]
    return { splits, inputs, skipped: skipped.filter(s => s.rows > 0) }
  }

  /** As many splits as a copy might have. */
  #guess({ rows }: TableFacts, { splitBytes }: PlanRequest): SourcePlan {
    const bytes = (rows ?? 1) * this.#schema.list.length * BYTES_A_VALUE
    const count = Math.max(1, Math.ceil(bytes / splitBytes))
    const each = Math.ceil(bytes / count)
    const uri = this.#shown
    return {
      splits: Array.from({ length: count }, (_, i) => {
        return { uri, start: i * each, end: (i + 1) * each, bytes: each }
      }),
      inputs: [{ uri: `${this.#path}.${this.#asked.table}`, bytes, version: 'not read' }],
    }
  }

  async open(split: Split, request: ReadRequest): Promise<SplitReader> {
    const { path, part } = split.detail as Detail
    const reject: ReadRequest['reject'] = it => request.reject({ ...it, uri: this.#shown })
    const inner = await this.#copied(path).open(part, { ...request, reject })
    return new CopiedRead(inner, this.#shown)
  }

  #copied(path: string) {
    const header = this.#schema.list.map(({ name }, i) => [copiedName(i), name])
    return parquet(path, this.#schema, { header: Object.fromEntries(header) })
  }

  get #shown(): string {
    return `${this.#uri}.${this.#asked.table}`
  }

  async release(): Promise<void> {
    for (const path of this.#copies) rmSync(path, { force: true })
    this.#copies.clear()
  }
}

const newsOf = (span: Span | null) => ({
  ...(span?.mark == null ? {} : { mark: span.mark }),
  ...(span?.nothingNew ? { nothingNew: true } : {}),
})

/** The same rows, in the same order, make the same copy: what else is written to the file is no change of the input. */
async function digestOf(paths: readonly string[]): Promise<string> {
  const { createHash } = await import('node:crypto')
  const hash = createHash('sha256')
  for (const path of paths)
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return hash.digest('hex')
}
