/**
 * Input for runs that must spill: orders in several CSV files, with keys of few and of many values, a
 * key that half of the rows have, floats whose sum depends on the order of addition, and damaged rows.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { schema, t } from 'millrace'
import { random } from './rows.ts'

export const Order = schema({
  id: t.int32,
  country: t.utf8,
  customer: t.utf8.nullable,
  hot: t.int32,
  product: t.int32,
  amount: t.float64,
  price: t.decimal(10, 3).nullable,
  day: t.date,
  at: t.timestamp,
  note: t.utf8.nullable,
})

export const Visit = schema({ customer: t.utf8.nullable, page: t.utf8, seconds: t.float64 })

const COUNTRIES = ['FR', 'DE', 'Österreich', 'PT', 'NL', 'a "quoted", one', 'IT', 'ES']

export interface Amount {
  readonly orders: number
  readonly visits: number
}

/** Writes `orders-*.csv` and `visits-*.csv` into the folder. */
export function writeInput(folder: string, { orders, visits }: Amount): void {
  const r = random(7)
  const below = (n: number) => Math.floor(r() * n)
  mkdirSync(folder, { recursive: true })
  const customer = () => (r() < 0.05 ? '' : `customer ${below(Math.ceil(orders / 3))}`)
  const quoted = (text: string) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  const order = (id: number) =>
    [
      // One in 200 ids is no number: the row is rejected.
      r() < 0.005 ? `#${id}` : id,
      quoted(COUNTRIES[below(COUNTRIES.length)] as string),
      customer(),
      r() < 0.5 ? 0 : below(orders),
      below(50),
      r() * 10 ** below(12),
      r() < 0.1 ? '' : (below(1_000_000) / 1000).toFixed(3),
      `2011-0${1 + below(3)}-1${below(10)}`,
      `2011-01-01 00:00:${String(below(60)).padStart(2, '0')}`,
      r() < 0.2 ? '' : `note ${below(orders)} ${'x'.repeat(below(30))}`,
    ].join(',')
  const visit = () => [customer(), `/page/${below(40)}`, r() * 100].join(',')
  const file = (name: string, head: string, rows: number, row: (i: number) => string) => {
    const lines = Array.from({ length: rows }, (_, i) => row(i))
    writeFileSync(join(folder, name), `${[head, ...lines].join('\n')}\n`)
  }
  const head = Object.keys(Order.fields).join(',')
  for (let f = 0; f < 3; f++)
    file(`orders-${f}.csv`, head, Math.ceil(orders / 3), i => order(f * 1_000_000 + i))
  for (let f = 0; f < 3; f++)
    file(`visits-${f}.csv`, Object.keys(Visit.fields).join(','), Math.ceil(visits / 3), visit)
}
