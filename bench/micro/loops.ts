/** The six lambdas as loops written by hand, over plain arrays of one batch. */
import { type Batch, columnOf } from '../../engine/data/batch.ts'
import { indexOf } from '../../engine/data/schema.ts'
import { readValue } from '../../engine/data/value.ts'
import { Line } from '../pipelines/line.ts'

type Name = keyof (typeof Line)['fields']

/** A batch as one would hold it by hand; numbers in natural units, dates in milliseconds. */
export interface Plain {
  readonly rows: number
  readonly invoice: readonly string[]
  readonly stock: readonly string[]
  readonly description: readonly (string | null)[]
  readonly country: readonly string[]
  readonly quantity: Int32Array
  readonly price: Float64Array
  readonly date: Float64Array
  readonly customer: Int32Array
  readonly hasCustomer: Uint8Array
}

export function plainOf(batch: Batch): Plain {
  const { rows } = batch
  const values = (name: Name) => {
    const column = columnOf(batch, indexOf(Line, name))
    return Array.from({ length: rows }, (_, i) => readValue(column, i))
  }
  const numbers = (name: Name) => values(name).map(Number)
  return {
    rows,
    invoice: values('InvoiceNo') as string[],
    stock: values('StockCode') as string[],
    description: values('Description') as (string | null)[],
    country: values('Country') as string[],
    quantity: Int32Array.from(numbers('Quantity')),
    price: Float64Array.from(numbers('UnitPrice')),
    date: Float64Array.from(numbers('InvoiceDate')),
    customer: Int32Array.from(numbers('CustomerID')),
    hasCustomer: Uint8Array.from(values('CustomerID').map(v => (v === null ? 0 : 1))),
  }
}

function filter({ rows, invoice }: Plain): Int32Array {
  const kept = new Int32Array(rows)
  let n = 0
  for (let i = 0; i < rows; i++) if (!(invoice[i] as string).startsWith('C')) kept[n++] = i
  return kept.subarray(0, n)
}

function arithmetic({ rows, quantity, price }: Plain): Float64Array {
  const net = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    const [q, p] = [quantity[i] as number, price[i] as number]
    net[i] = q >= 24 ? q * p * 0.9 : q * p
  }
  return net
}

function text({ rows, description }: Plain): (string | null)[] {
  const slugs = new Array<string | null>(rows)
  for (let i = 0; i < rows; i++) {
    const found = description[i] as string | null
    slugs[i] = found === null ? null : found.toLowerCase().replaceAll(' ', '-')
  }
  return slugs
}

function slices({ rows, stock, country }: Plain): string[] {
  const shelves = new Array<string>(rows)
  for (let i = 0; i < rows; i++)
    shelves[i] = (stock[i] as string).slice(0, 3) + (country[i] as string).charAt(0)
  return shelves
}

function nulls({ rows, customer, hasCustomer }: Plain): Int32Array {
  const segments = new Int32Array(rows)
  for (let i = 0; i < rows; i++)
    segments[i] = hasCustomer[i] === 0 ? -1 : (customer[i] as number) % 100
  return segments
}

function dates({ rows, date }: Plain): Int32Array {
  const weekdays = new Int32Array(rows)
  for (let i = 0; i < rows; i++) weekdays[i] = new Date(date[i] as number).getUTCDay()
  return weekdays
}

/** All six in one pass. */
function all(lines: Plain) {
  const { rows, invoice, stock, description, country, quantity, price, date } = lines
  const kept = new Int32Array(rows)
  const net = new Float64Array(rows)
  const slugs = new Array<string | null>(rows)
  const shelves = new Array<string>(rows)
  const segments = new Int32Array(rows)
  const weekdays = new Int32Array(rows)
  let n = 0
  for (let i = 0; i < rows; i++) {
    if ((invoice[i] as string).startsWith('C')) continue
    const [q, p] = [quantity[i] as number, price[i] as number]
    net[i] = q >= 24 ? q * p * 0.9 : q * p
    const found = description[i] as string | null
    slugs[i] = found === null ? null : found.toLowerCase().replaceAll(' ', '-')
    shelves[i] = (stock[i] as string).slice(0, 3) + (country[i] as string).charAt(0)
    segments[i] = lines.hasCustomer[i] === 0 ? -1 : (lines.customer[i] as number) % 100
    weekdays[i] = new Date(date[i] as number).getUTCDay()
    kept[n++] = i
  }
  return { kept: kept.subarray(0, n), net, slugs, shelves, segments, weekdays }
}

export const LOOPS = { filter, arithmetic, text, slices, nulls, dates, all }
