/**
 * Arbitraries for the exchange's property tests: schemas of all kinds, and batches of them with
 * selections, nulls and every way of sharing dictionaries. Rows are compared as printed cells.
 */
import fc from 'fast-check'
import { type Batch, dense } from '../../data/batch.ts'
import { type Column, isText, newColumn } from '../../data/column.ts'
import { isWide, type Kind } from '../../data/kind.ts'
import { Pool } from '../../data/pool.ts'
import { type AnySchema, schemaOf, t } from '../../data/schema.ts'
import { readUnits, writeUnits } from '../../data/value.ts'

const KINDS: Kind[] = [
  t.bool,
  t.int32,
  t.int64,
  t.bigint,
  t.float32,
  t.float64,
  t.decimal(10, 3),
  t.decimal(30, 2),
  t.utf8,
  t.bytes,
  t.date,
  t.timestamp,
  t.datetime,
]

export const kinds = fc
  .tuple(fc.constantFrom(...KINDS), fc.boolean())
  .map(([kind, optional]) => (optional ? kind.nullable : kind))

export const schemas = fc
  .array(kinds, { minLength: 1, maxLength: 6 })
  .map(list => schemaOf(list.map((kind, j) => ({ name: `c${j}`, kind }))))

/** How the text columns of a batch hold their entries. */
export type Sharing = 'same' | 'fresh' | 'plain' | 'repeated'
export interface Plan {
  readonly seed: number
  readonly rows: number
  readonly sharing: Sharing
  readonly select: boolean
}
export const plans = fc.array(
  fc.record({
    seed: fc.integer(),
    rows: fc.integer({ min: 0, max: 200 }),
    sharing: fc.constantFrom<Sharing>('same', 'fresh', 'plain', 'repeated'),
    select: fc.boolean(),
  }),
  { maxLength: 6 },
)

const WORDS = [
  '',
  'a',
  'ab',
  'Zürich',
  'x'.repeat(60),
  'y'.repeat(150),
  ...Array.from({ length: 30 }, (_, i) => `w${i}`),
]

/** The batches of a plan. Values depend on the seeds alone; `sharing` overrides the plan's. */
export function batchesOf(schema: AnySchema, planned: readonly Plan[], sharing?: Sharing): Batch[] {
  const shared = schema.list.map(() => new Pool(true))
  return planned.map(plan => batchOf(schema, { ...plan, ...(sharing && { sharing }) }, shared))
}

function batchOf(schema: AnySchema, { seed, rows, sharing, select }: Plan, shared: Pool[]): Batch {
  let state = seed | 0
  const random = (below: number): number => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x1e3779b9
    return ((state ^ (state >>> 13)) >>> 0) % below
  }
  const columns = schema.list.map(({ kind }, j): Column => {
    const unique = sharing === 'same' || sharing === 'fresh'
    const pool = sharing === 'same' ? (shared[j] as Pool) : new Pool(unique)
    const column = newColumn(kind, rows, pool)
    for (let i = 0; i < rows; i++) fill(column, i, random, sharing === 'repeated')
    return column
  })
  const batch = dense(schema, columns, rows)
  if (!select) return batch
  const kept = Array.from({ length: rows }, (_, i) => i).filter(() => random(3) > 0)
  // Longer than what is selected, as a filter leaves it.
  batch.selection = Int32Array.from([...kept, 0, 0])
  batch.selected = kept.length
  return batch
}

function fill(column: Column, i: number, random: (below: number) => number, lookUp: boolean): void {
  const { kind, values, valid, pool } = column
  const none = random(4) === 0
  const pick = random(1 << 30)
  if (valid !== null) valid[i] = none ? 0 : 1
  if (valid !== null && none) return
  if (isText(kind) && pool !== null) {
    const bytes = Buffer.from(WORDS[pick % WORDS.length] as string)
    const again = lookUp && pool.count > 8
    if (again) values[i] = pick % pool.count
    else
      values[i] = pool.unique
        ? pool.intern(bytes, 0, bytes.length)
        : pool.append(bytes, 0, bytes.length)
  } else if (isWide(kind)) writeUnits(column, i, BigInt(pick - (1 << 29)) ** 3n)
  else if (kind.tag === 'bigint')
    (values as BigInt64Array)[i] = BigInt(pick - (1 << 29)) * 4_000_000_000n
  else if (kind.tag === 'bool') values[i] = pick & 1
  else if (kind.tag === 'float64' || kind.tag === 'float32')
    values[i] = [0, -0, NaN, Infinity, 1.5][pick % 9] ?? pick / 7
  else if (kind.tag === 'int32' || kind.tag === 'date') values[i] = pick - (1 << 29)
  else values[i] = (pick - (1 << 29)) * 1000 + 0
}

/** A value as text that differs where the values differ. */
export function cell(column: Column, i: number): string {
  const { kind, values, valid, pool } = column
  if (valid !== null && valid[i] === 0) return 'null'
  if (pool !== null) return `'${Buffer.from(pool.view(values[i] as number)).toString('hex')}'`
  if (isWide(kind)) return String(readUnits(column, i))
  const value = values[i] as number | bigint
  return Object.is(value, -0) ? '-0' : String(value)
}

/** The selected rows of the batches, each printed. */
export function printed(batches: Iterable<Batch>): string[] {
  const rows: string[] = []
  for (const { columns, selection, selected } of batches)
    for (let k = 0; k < selected; k++) {
      const i = selection === null ? k : (selection[k] as number)
      rows.push(columns.map(c => cell(c as Column, i)).join(' '))
    }
  return rows
}
