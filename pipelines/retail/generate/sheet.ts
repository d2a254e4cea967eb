/**
 * What all rows of a sheet have in common: how many there are, and the keys and bounds that decide
 * them.
 */
import { laneKey } from './hash.ts'
import { boundsOf, type Mess, type Rates } from './mess.ts'

export interface RetailSheet {
  readonly rows: number
  readonly mess: Mess
  readonly bounds: Rates
  readonly keys: { readonly [K in (typeof LANES)[number]]: number }
}

// The first six are drawn once an invoice (or block, or customer), the others once a row.
const LANES = [
  'cut',
  'cancelled',
  'buyer',
  'noCustomer',
  'country',
  'shelf',
  'kind',
  'form',
  'later',
  'asFloat',
  'stock',
  'amount',
  'free',
  'text',
] as const

/** The sheet of a seed; two sheets of other lengths differ in their dates alone. */
export function sheetOf(o: { rows: number; seed: number; mess?: Mess }): RetailSheet {
  const mess = o.mess ?? 'real'
  const keys = Object.fromEntries(
    LANES.map((name, i) => [name, laneKey(o.seed, i)]),
  ) as RetailSheet['keys']
  return { rows: o.rows, mess, bounds: boundsOf(mess), keys }
}
