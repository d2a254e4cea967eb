/** How large the shop is, and when it opened. */
export interface Shop {
  readonly seed: number
  /** The start of its first hour, epoch milliseconds. */
  readonly opened: number
  /** There before the first hour ends. */
  readonly customers: number
  readonly products: number
  readonly orders: number
  /** New in each hour after the first. */
  readonly customersPerHour: number
  readonly ordersPerHour: number
}

export const HOUR = 3_600_000

/** A shop of so many orders to begin with, and of what goes with them. */
export const shopOf = (orders: number, o: { seed?: number; opened?: number } = {}): Shop => ({
  seed: o.seed ?? 1,
  opened: o.opened ?? Date.UTC(2026, 0, 5),
  customers: Math.max(10, Math.floor(orders / 4)),
  products: Math.max(20, Math.min(5000, Math.floor(orders / 20))),
  orders,
  customersPerHour: Math.max(2, Math.floor(orders / 200)),
  ordersPerHour: Math.max(5, Math.floor(orders / 50)),
})

/** Something as it was from a time on. */
export interface Version<T> {
  readonly row: T
  /** The hour in which it is written: the one after its time, for a late writer. */
  readonly hour: number
}

/** In the last minutes of an hour some writers are late: what they changed is written in the next hour. */
export const LATE_MS = 5 * 60_000

/** The index of the hour that a time lies in. */
export const hourOf = ({ opened }: Shop, ms: number): number => Math.floor((ms - opened) / HOUR)
