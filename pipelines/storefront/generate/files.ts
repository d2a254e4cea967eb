/** The shop as files, where no database and no bucket is: JSON lines and CSV, a file an hour. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Product, Stock } from '../schema.ts'
import { customersWritten, ordersWritten, productsWritten, stockWritten } from './hours.ts'
import { HOUR, type Shop } from './shop.ts'

/** One document each hour that the pipeline must refuse. */
export const badOrder = (shop: Shop, hour: number): object => ({
  orderId: `bad${hour}`,
  customerId: 'c0000000',
  status: 'paid',
  lines: [{ line: 1, productId: 'p00000', quantity: 1, price: 'free' }],
  createdAt: shop.opened + hour * HOUR,
  updatedAt: shop.opened + hour * HOUR + HOUR / 2,
  deleted: false,
})

const lines = (rows: readonly object[]): string =>
  rows.map(row => `${JSON.stringify(row)}\n`).join('')
const quoted = (text: string | null): string =>
  text === null ? '' : /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
const timeText = (ms: number): string => new Date(ms).toISOString()

export const productsCsv = (rows: readonly Product[]): string =>
  `product_id,name,category,cost,updated_at\n${rows
    .map(
      p =>
        `${p.productId},${quoted(p.name)},${quoted(p.category)},${p.cost},${timeText(p.updatedAt)}\n`,
    )
    .join('')}`

export const stockCsv = (rows: readonly Stock[]): string =>
  `product_id,on_hand,updated_at\n${rows
    .map(s => `${s.productId},${s.onHand},${timeText(s.updatedAt)}\n`)
    .join('')}`

/** Writes what happens in an hour to `folder`: `shop/orders`, `shop/customers`, `files/products`, `files/stock`. */
export function writeHour(shop: Shop, hour: number, folder: string): void {
  const name = `hour-${String(hour).padStart(5, '0')}`
  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path), { recursive: true })
    writeFileSync(join(folder, path, name + (path.startsWith('shop') ? '.ndjson' : '.csv')), text)
  }
  write('shop/orders', lines([...ordersWritten(shop, hour), badOrder(shop, hour)]))
  write('shop/customers', lines(customersWritten(shop, hour)))
  write('files/products', productsCsv(productsWritten(shop, hour)))
  write('files/stock', stockCsv(stockWritten(shop, hour)))
}
