/** Days of the sheet: 2010-12-01 is day 0 and month 0, 2011-12-31 is day 395 in month 12. */
const FIRST_DAY_MS = Date.UTC(2010, 11, 1)
const DAY_MS = 86_400_000

export const DAYS = 396
export const MONTHS = 13

/** `yyyy-MM-dd` of each day. */
export const dayNames: readonly string[] = Array.from({ length: DAYS }, (_, day) =>
  new Date(FIRST_DAY_MS + day * DAY_MS).toISOString().slice(0, 10),
)

/** `yyyy-MM` of each month. */
export const monthNames: readonly string[] = [...new Set(dayNames.map(name => name.slice(0, 7)))]

/** The month's index for each day. */
export const monthOfDay = Uint8Array.from(dayNames, name => monthNames.indexOf(name.slice(0, 7)))
