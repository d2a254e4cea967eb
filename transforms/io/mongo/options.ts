/** What a MongoDB source may be told, checked when the pipeline is built. */
import type { DateKind, DateTime, Kind, Timestamp } from '../../../engine/data/kind.ts'
import { type AnySchema, type Fields, fieldOf } from '../../../engine/data/schema.ts'
import { durationMs } from '../retry/duration.ts'
import { Fault } from '../../../engine/fault.ts'
import { parseBytes } from '../files/bytes.ts'

type ColumnOf<F, K extends Kind> = {
  [C in keyof F & string]: F[C] extends { readonly required: K } ? C : never
}[keyof F & string]

export interface MongoSource<F extends Fields> {
  /** The collection, where the URI names the database alone. */
  readonly collection?: string
  /** Column → path in the document: `{ city: 'address.city', first: 'lines.0' }`. Default: the column's name. */
  readonly fields?: { readonly [C in keyof F & string]?: string }
  /** Path → column, the other way round, as other sources have it: `{ 'address.city': 'city' }`. */
  readonly header?: { readonly [path: string]: keyof F & string }
  readonly incremental?: {
    /** The column that every change of a document sets to the time of the change. It should have an index. */
    readonly by: ColumnOf<F, Timestamp | DateTime | DateKind>
    /** How far before the last mark is read again, for writers that were late: `10min`. Default: 0. */
    readonly overlap?: string
    /** The column that says that a document is deleted. It is handed on: the sink's merge acts on it. */
    readonly deleted?: keyof F & string
  }
  /** Path of the indexed field that splits are cut by. Default: `_id`; of an increment, `by`. */
  readonly splitBy?: string
  /** Default: the URI's, else primary. */
  readonly readPreference?:
    | 'primary'
    | 'primaryPreferred'
    | 'secondary'
    | 'secondaryPreferred'
    | 'nearest'
  /** Default: the URI's, else the server's. */
  readonly readConcern?: 'local' | 'available' | 'majority' | 'linearizable'
  /** All splits read the collection as it was when the run was planned. Default: false. */
  readonly snapshot?: boolean
  /** A collection that is not there: 'fail' (default), or 'empty', where it is made later. */
  readonly onMissing?: 'fail' | 'empty'
  /** Whether the server tests the conditions of `where` and `dropNulls`. Default: true. */
  readonly pushdown?: boolean
  /** Bytes of documents a request should bring. Default: '4MB'; at most '16MB', as the server sends no more. */
  readonly batchBytes?: string
  /** Longest silence of a server within a request. Default: '2min'. */
  readonly timeout?: string
  /** How long one request may be tried again, in all. Default: '5min'. */
  readonly deadline?: string
}

/** The options with their defaults filled in. */
export interface Settings {
  /** By position in the schema: the path of each column. */
  readonly paths: readonly string[]
  readonly by: string | null
  readonly overlapMs: number
  readonly splitBy: string
  readonly readPreference: string | null
  readonly readConcern: string | null
  readonly snapshot: boolean
  readonly pushdown: boolean
  readonly onMissing: 'fail' | 'empty'
  readonly batchBytes: number
  readonly timeoutMs: number
  readonly deadlineMs: number
}

const BATCH_BYTES_MAX = 16 * 2 ** 20
const PREFERENCES = ['primary', 'primaryPreferred', 'secondary', 'secondaryPreferred', 'nearest']
const CONCERNS = ['local', 'available', 'majority', 'linearizable']

/** Throws pipeline: an option names a column that does not exist, or has an impossible value. */
export function settingsOf<F extends Fields>(schema: AnySchema, o: MongoSource<F>): Settings {
  const paths = pathsOf(schema, o)
  const by = byOf(schema, paths, o)
  const readPreference = oneOf('readPreference', o.readPreference ?? null, PREFERENCES)
  const readConcern = oneOf('readConcern', o.readConcern ?? null, CONCERNS)
  const snapshot = o.snapshot ?? false
  if (snapshot && readConcern !== null)
    throw new Fault('pipeline', `readConcern ${readConcern} and snapshot exclude each other`)
  const splitBy = o.splitBy ?? by ?? '_id'
  checkPath('splitBy', splitBy)
  return {
    paths,
    by,
    overlapMs:
      o.incremental?.overlap === undefined ? 0 : durationMs('overlap', o.incremental.overlap, 0),
    splitBy,
    readPreference,
    readConcern,
    snapshot,
    pushdown: o.pushdown ?? true,
    onMissing: oneOf('onMissing', o.onMissing ?? 'fail', ['fail', 'empty']) as 'fail' | 'empty',
    batchBytes: Math.min(parseBytes(o.batchBytes ?? '4MB'), BATCH_BYTES_MAX),
    timeoutMs: durationMs('timeout', o.timeout ?? '2min'),
    deadlineMs: durationMs('deadline', o.deadline ?? '5min'),
  }
}

function pathsOf<F extends Fields>(schema: AnySchema, o: MongoSource<F>): string[] {
  const named = new Map<string, string>()
  const given = [
    ...Object.entries((o.fields ?? {}) as { [column: string]: string }),
    ...Object.entries((o.header ?? {}) as { [path: string]: string }).map(
      ([p, c]) => [c, p] as const,
    ),
  ]
  for (const [column, path] of given) {
    fieldOf(schema, column)
    if (named.has(column))
      throw new Fault('pipeline', `column ${JSON.stringify(column)} is given two paths`)
    checkPath(`column ${JSON.stringify(column)}`, path)
    named.set(column, path)
  }
  return schema.list.map(({ name }) => {
    const path = named.get(name) ?? name
    checkPath(`column ${JSON.stringify(name)}`, path)
    return path
  })
}

/** A path's parts are names of fields: what MongoDB takes for an operator is none. */
function checkPath(what: string, path: unknown): asserts path is string {
  const parts = typeof path === 'string' ? path.split('.') : ['']
  if (parts.some(part => part === '' || part.startsWith('$') || part.includes('\0')))
    throw new Fault('pipeline', `${what}: ${JSON.stringify(path)} is no path into a document`, {
      hint: "write names with points between them, as 'address.city'; none is empty or begins with $",
    })
}

/** The path of `by`; null where nothing is incremental. */
function byOf<F extends Fields>(
  schema: AnySchema,
  paths: readonly string[],
  { incremental }: MongoSource<F>,
): string | null {
  if (incremental === undefined) return null
  const { by, deleted } = incremental
  const { kind } = fieldOf(schema, by)
  if (!['timestamp', 'datetime', 'date'].includes(kind.tag))
    throw new Fault('pipeline', `incremental by ${JSON.stringify(by)}: it is ${kind.name}, no time`)
  if (deleted !== undefined && fieldOf(schema, deleted).kind.tag !== 'bool')
    throw new Fault('pipeline', `deleted ${JSON.stringify(deleted)} is no bool column`)
  return paths[schema.list.findIndex(f => f.name === by)] as string
}

function oneOf<T extends string | null>(option: string, value: T, among: readonly string[]): T {
  if (value === null || among.includes(value)) return value
  throw new Fault('pipeline', `${option} ${JSON.stringify(value)} is not possible`, {
    hint: `one of ${among.join(', ')}`,
  })
}
