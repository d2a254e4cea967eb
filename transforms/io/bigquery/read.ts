/**
 * A table read back: one query, whose result the service keeps for a day, and whose rows any thread asks
 * for by number. So all splits are of one moment, whatever becomes of the table meanwhile.
 */
import { type AnySchema, fieldOf as columnOf } from '../../../engine/data/schema.ts'
import { Fault, nearestName } from '../../../engine/fault.ts'
import type {
  PlanRequest,
  ReadRequest,
  SourcePlan,
  Split,
  SplitReader,
} from '../../../engine/io/source.ts'
import type { TableRead } from '../table/source.ts'
import type { TableReader } from '../table/warehouses.ts'
import type { TableInfo } from './layout.ts'
import { name, names, tableOf } from './names.ts'
import { PAGE_ROWS, pages, type QueryParameter, select } from './query.ts'
import { RowReader } from './row-reader.ts'
import { openSession, type Session, tableInfo } from './session.ts'
import { fieldOf, typeText } from './types.ts'
import { microsOf } from './values.ts'
import { conditionOf, parameterOf } from './where.ts'

const SPLITS_MAX = 1000

interface Detail {
  readonly job: string
  readonly location: string | null
}

export class BigQueryReader implements TableReader {
  readonly #uri: string
  readonly #asked: TableRead
  readonly #schema: AnySchema
  #session: Promise<Session> | null = null

  constructor(uri: string, asked: TableRead, schema: AnySchema) {
    this.#uri = uri
    this.#asked = asked
    this.#schema = schema
  }

  async plan(request: PlanRequest): Promise<SourcePlan> {
    const session = await this.#open()
    const { table } = this.#asked
    const info = await tableInfo(session, table)
    if (info === null)
      throw new Fault('data', `table ${table} of ${this.#uri} is not there`, {
        hint: 'load it first, or mend its name (they are told apart by case)',
      })
    checkRead(table, this.#schema, info)
    const { sql, parameters, mark, nothingNew } = await this.#query(session, request)
    const { dataset, api } = session
    const result = await select(api, { sql, dataset, subject: `table ${table}`, parameters })
    const uri = `${this.#uri}.${table}`
    const rowBytes = Math.ceil(Number(info.numBytes ?? 0) / Math.max(1, Number(info.numRows ?? 1)))
    const detail: Detail = { job: result.job, location: result.location }
    const per = Math.max(PAGE_ROWS, Math.ceil(result.rows / SPLITS_MAX))
    const splits: Split[] = []
    for (let start = 0; start < result.rows; start += per) {
      const end = Math.min(result.rows, start + per)
      splits.push({ uri, start, end, bytes: (end - start) * rowBytes, detail })
    }
    const version = `${info.etag ?? ''} ${info.lastModifiedTime ?? ''}`
    const inputs = [{ uri, bytes: Number(info.numBytes ?? 0), version }]
    const news = nothingNew ? { nothingNew } : {}
    return { splits, inputs, ...(mark === null ? {} : { mark }), ...news }
  }

  async open(split: Split, request: ReadRequest): Promise<SplitReader> {
    const { api } = await this.#open()
    const { job, location } = split.detail as Detail
    const rows = pages(api, { job, location }, split.start, split.end)
    return new RowReader(this.#schema, { split, request, rows })
  }

  async #query(session: Session, request: PlanRequest) {
    const { table, where, incremental } = this.#asked
    const from = tableOf(session.dataset, table)
    const condition = conditionOf(this.#schema, where)
    const parameters: QueryParameter[] = [...condition.parameters]
    const tests = [condition.sql]
    let mark: string | null = null
    let nothingNew = false
    if (incremental) {
      const { kind } = columnOf(this.#schema, incremental.by)
      const by = name(incremental.by)
      const to = request.interval?.end ?? (await newest(session, { from, by }))
      const since = request.since ? Date.parse(request.since) : null
      const bind = (at: string, value: number): string => {
        const o = { column: incremental.by, kind, values: [value], list: false }
        parameters.push(parameterOf(at, o))
        return `@${at}`
      }
      if (since !== null) tests.push(`${by} >= ${bind('since', since - incremental.overlapMs)}`)
      if (to !== null) tests.push(`${by} ${request.interval ? '<' : '<='} ${bind('until', to)}`)
      // Nothing is there that could be newer: the mark stays.
      const end = Math.max(to ?? Number.NEGATIVE_INFINITY, since ?? Number.NEGATIVE_INFINITY)
      mark = Number.isFinite(end) ? new Date(end).toISOString() : null
      // Only an interval moves the mark to where no row need be.
      if (request.interval && since !== null && request.interval.end >= since)
        nothingNew = !(await anyIn(session, { from, by, since, end: request.interval.end }))
    }
    const columns = names(this.#schema.list.map(f => f.name))
    return {
      sql: `SELECT ${columns} FROM ${from} WHERE ${tests.join(' AND ')}`,
      parameters,
      mark,
      nothingNew,
    }
  }

  #open(): Promise<Session> {
    this.#session ??= openSession(this.#uri, this.#asked.location).catch(error => {
      this.#session = null
      throw error
    })
    return this.#session
  }
}

/** Whether a row's time is in [since, end), epoch milliseconds. */
async function anyIn(
  { api, dataset }: Session,
  o: { from: string; by: string; since: number; end: number },
): Promise<boolean> {
  const [since, end] = [o.since, o.end].map(ms => `TIMESTAMP_MILLIS(${Math.trunc(ms)})`)
  const at = `TIMESTAMP(${o.by})`
  const sql = `SELECT 1 AS news FROM ${o.from} WHERE ${at} >= ${since} AND ${at} < ${end} LIMIT 1`
  return (await select(api, { sql, dataset, subject: `table ${o.from}` })).rows > 0
}

/** The latest time in the table, as far as it has passed; up to the next millisecond, as marks are. */
async function newest(
  { api, dataset }: Session,
  o: { from: string; by: string },
): Promise<number | null> {
  const at = `UNIX_MICROS(TIMESTAMP(MAX(${o.by})))`
  const sql = `SELECT ${at} AS newest FROM ${o.from} WHERE TIMESTAMP(${o.by}) <= CURRENT_TIMESTAMP()`
  const result = await select(api, { sql, dataset, subject: `table ${o.from}`, first: 1 })
  for await (const page of pages(api, result, 0, result.rows)) {
    const sent = page[0]?.f[0]?.v
    if (typeof sent === 'string') return Math.ceil(microsOf(sent) / 1000)
  }
  return null
}

/** Throws data: a column is not there, or of another type. */
function checkRead(table: string, schema: AnySchema, info: TableInfo): void {
  const have = new Map((info.schema?.fields ?? []).map(f => [f.name.toLowerCase(), f]))
  const wrong = schema.list.flatMap(field => {
    const there = have.get(field.name.toLowerCase())
    const expected = typeText(fieldOf(field))
    if (there && typeText(there) === expected) return []
    const near = there ? undefined : nearestName(field.name, have.keys())
    const got = there ? typeText(there) : `no such column${near ? ` (but ${near})` : ''}`
    return [`${field.name}: expected ${expected}, the table has ${got}`]
  })
  if (wrong.length === 0) return
  throw new Fault('data', `table ${table} has other columns than what is read`, {
    detail: wrong,
    hint: 'change the schema that is read, or the table',
  })
}
