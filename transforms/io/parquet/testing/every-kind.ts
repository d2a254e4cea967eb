/** For tests: a column of every kind with its awkward values, cut into batches of every shape. */
import { type Batch, columnOf, dense } from '../../../../engine/data/batch.ts'
import { type Column, newColumn } from '../../../../engine/data/column.ts'
import { isWide, type Kind } from '../../../../engine/data/kind.ts'
import { Pool } from '../../../../engine/data/pool.ts'
import { type AnySchema, schemaOf, t } from '../../../../engine/data/schema.ts'
import { readUnits, writeUnits } from '../../../../engine/data/value.ts'

/** A value as stored: units, days, microseconds; null is null. */
export type Stored = number | bigint | string | Uint8Array | null
type Random = () => number
type Make = (i: number, random: Random) => Stored

const pick = <T>(random: Random, ...of: T[]): T => of[Math.floor(random() * of.length)] as T
const whole =
  (most: number): Make =>
  (i, r) =>
    i % 7 === 0 ? pick(r, most, -most, 0, 1, -1) : Math.round((r() - 0.5) * most)
const digits =
  (precision: number): Make =>
  (i, r) => {
    const most = 10n ** BigInt(precision) - 1n
    if (i % 7 === 0) return pick(r, most, -most, 0n, 1n, -1n)
    return (most * BigInt(Math.floor((r() - 0.5) * 2e9))) / 1000000000n
  }

const MAKERS: { readonly [name: string]: [Kind, Make] } = {
  bool: [t.bool, (_, r) => (r() < 0.3 ? 1 : 0)],
  int32: [
    t.int32,
    (i, r) => (i % 7 === 0 ? pick(r, 2147483647, -2147483648, 0) : Math.floor(r() * 1e9)),
  ],
  few: [t.int32, (_, r) => Math.floor(r() * 40)],
  int64: [t.int64, whole(Number.MAX_SAFE_INTEGER)],
  bigint: [t.bigint, (i, r) => pick(r, 2n ** 63n - 1n, -(2n ** 63n), BigInt(i), -1n)],
  float32: [
    t.float32,
    (i, r) => (i % 7 === 0 ? pick(r, Infinity, -Infinity, -0, 0) : Math.fround(r())),
  ],
  float64: [
    t.float64,
    (i, r) => (i % 7 === 0 ? pick(r, Infinity, -Infinity, -0, 5e-324) : r() - 0.5),
  ],
  nan: [t.float64, (i, r) => (i % 7 === 0 ? NaN : r())],
  price: [t.float64, (_, r) => Math.floor(r() * 100) / 4],
  decimal5: [t.decimal(5, 2), digits(5)],
  decimal9: [t.decimal(9, 9), digits(9)],
  decimal15: [t.decimal(15, 4), digits(15)],
  decimal18: [t.decimal(18, 2), digits(18)],
  decimal38: [t.decimal(38, 10), digits(38)],
  utf8: [t.utf8, (_, r) => pick(r, 'United Kingdom', 'Ελλάδα', '日本', '', '🦆', 'a\u0000b')],
  unique: [t.utf8, (i, r) => `${Math.floor(r() * 1e9).toString(36)}-${i}`],
  long: [t.utf8, (i, r) => pick(r, '', 'é', '🦆x').repeat(i % 90)],
  bytes: [t.bytes, (i, r) => Uint8Array.from({ length: i % 5 }, () => 256 * r())],
  date: [
    t.date,
    (i, r) => (i % 7 === 0 ? pick(r, -2_000_000, 3_000_000, 0) : Math.floor(r() * 20000)),
  ],
  timestamp: [
    t.timestamp,
    (i, r) =>
      i % 7 === 0 ? pick(r, -9007199254740991, 9007199254740991, 0) : Math.floor(r() * 2e15),
  ],
  steady: [t.timestamp, i => 1.6e15 + Math.floor(i / 3) * 60e6],
  datetime: [t.datetime, (_, r) => Math.floor((r() - 0.5) * 4e15)],
}

export const EVERY: AnySchema = schemaOf([
  ...Object.entries(MAKERS).map(([name, [kind]]) => ({ name, kind })),
  ...Object.entries(MAKERS).map(([name, [kind]]) => ({ name: `${name}_n`, kind: kind.nullable })),
  ...['utf8', 'int32', 'decimal38', 'bool'].map(name => ({
    name: `${name}_none`,
    kind: (MAKERS[name] as [Kind, Make])[0].nullable,
  })),
])

export function randomOf(seed: number): Random {
  let s = seed | 1
  return () => {
    s ^= s << 13
    s ^= s >>> 17
    s ^= s << 5
    return (s >>> 0) / 4294967296
  }
}

export function rowsOf(count: number, seed = 7): Stored[][] {
  const random = randomOf(seed)
  return Array.from({ length: count }, (_, i) =>
    EVERY.list.map(({ name }) => {
      const [base = '', suffix] = name.split('_')
      if (suffix === 'none') return null
      if (suffix === 'n' && random() < 0.2) return null
      return (MAKERS[base] as [Kind, Make])[1](i, random)
    }),
  )
}

export function store(column: Column, i: number, value: Stored): void {
  const { kind, pool, valid, values } = column
  if (value === null) return
  if (valid) valid[i] = 1
  if (typeof value === 'string') values[i] = (pool as Pool).internString(value)
  else if (value instanceof Uint8Array)
    values[i] = pool?.unique
      ? pool.intern(value, 0, value.length)
      : (pool as Pool).append(value, 0, value.length)
  else if (kind.tag === 'decimal') writeUnits(column, i, BigInt(value))
  else values[i] = value as never
}

export interface Cut {
  readonly rowsPerBatch: number
  /** A pool for all batches, one a batch, or one a batch that is not even unique. */
  readonly pools: 'shared' | 'own' | 'plain'
  /** Dead rows between the living. */
  readonly gaps: boolean
}

export function* batchesOf(
  schema: AnySchema,
  rows: readonly Stored[][],
  cut: Cut,
): Generator<Batch> {
  const shared = schema.list.map(() => new Pool(true))
  for (let at = 0; at < rows.length; at += cut.rowsPerBatch) {
    const part = rows.slice(at, at + cut.rowsPerBatch)
    const step = cut.gaps ? 2 : 1
    const columns = schema.list.map(({ kind }, j) => {
      const pool = cut.pools === 'shared' ? shared[j] : new Pool(cut.pools === 'own')
      const column = newColumn(kind, part.length * step, pool)
      part.forEach((row, i) => {
        store(column, i * step, row[j] as Stored)
      })
      return column
    })
    const batch = dense(schema, columns, part.length * step)
    if (cut.gaps) batch.selection = Int32Array.from(part, (_, i) => i * 2)
    batch.selected = part.length
    yield batch
  }
}

/** A stored value as text that tells any two apart, whatever read it. */
export function cell(kind: Kind, value: Stored): string | null {
  if (value === null) return null
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (kind.tag !== 'float32' && kind.tag !== 'float64') return String(value)
  return Object.is(value, -0) ? '-0' : String(value)
}

export const cellsOf = (schema: AnySchema, rows: readonly Stored[][]): (string | null)[][] =>
  rows.map(row => row.map((value, j) => cell(schema.list[j]?.kind as Kind, value)))

export function batchCells(batch: Batch): (string | null)[][] {
  const columns = batch.schema.list.map((_, j) => columnOf(batch, j))
  return Array.from({ length: batch.selected }, (_, k) => {
    const i = batch.selection?.[k] ?? k
    return columns.map(c => cell(c.kind, storedAt(c, i)))
  })
}

function storedAt(column: Column, i: number): Stored {
  const { kind, values, valid, pool } = column
  if (valid?.[i] === 0) return null
  if (pool)
    return kind.tag === 'utf8' ? pool.string(values[i] as number) : pool.view(values[i] as number)
  return isWide(kind) ? readUnits(column, i) : (values[i] as number | bigint)
}
