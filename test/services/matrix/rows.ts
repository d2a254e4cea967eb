/** The rows of the matrix: the same ones always, as lines of CSV, as documents, as rows of a table. */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { schema, t } from 'millrace'

export const Order = schema({
  id: t.int32,
  day: t.date,
  customer: t.utf8,
  amount: t.decimal(12, 2),
  note: t.utf8.nullable,
})

/** What `part.ts` reads, and what lies beside it. */
export const Narrow = schema({ id: t.int32, amount: t.decimal(12, 2), note: t.utf8.nullable })
export const Padded = schema({
  id: t.int32,
  day: t.date,
  amount: t.decimal(12, 2),
  pad: t.utf8,
  customer: t.utf8,
  note: t.utf8.nullable,
})

/** What `load.ts` loads. */
export const TABLES = ['orders', 'days']

export interface OrderRow {
  readonly id: number
  /** `2026-01-31`. */
  readonly day: string
  readonly customer: string
  /** With two digits after the point. */
  readonly amount: string
  readonly note: string | null
}

const NOTES = [null, 'gift', 'é "quoted", with a comma', 'x'.repeat(200)]

export function orderOf(id: number): OrderRow {
  const mixed = Math.imul(id ^ 0x5bd1e995, 0x1b873593) >>> 0
  const day = new Date(Date.UTC(2026, 0, 1 + (mixed % 28))).toISOString().slice(0, 10)
  const amount = ((mixed >>> 8) / 100).toFixed(2)
  return { id, day, customer: `customer ${mixed % 997}`, amount, note: NOTES[mixed % 4] ?? null }
}

/** A text so mixed that it hardly compresses: 44 characters a hash. */
export const padOf = (id: number, hashes: number): string =>
  Array.from({ length: hashes }, (_, i) =>
    createHash('sha256').update(`${id} ${i}`).digest('base64'),
  ).join('')

export const orders = (from: number, to: number): OrderRow[] =>
  Array.from({ length: to - from }, (_, i) => orderOf(from + i))

const cell = (text: string | null): string =>
  text === null ? '' : /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text

export const csvOf = (rows: readonly OrderRow[]): string =>
  [
    'id,day,customer,amount,note',
    ...rows.map(r => [`${r.id}`, r.day, r.customer, r.amount, r.note].map(cell).join(',')),
    '',
  ].join('\n')

/** Files of CSV in a folder; their glob. */
export function csvFilesIn(folder: string, files: number, rowsPerFile: number): string {
  mkdirSync(folder, { recursive: true })
  for (let i = 0; i < files; i++)
    writeFileSync(
      join(folder, `orders-${i}.csv`),
      csvOf(orders(i * rowsPerFile, (i + 1) * rowsPerFile)),
    )
  return `${folder}/*.csv`
}
