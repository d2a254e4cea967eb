/**
 * Times that a cron line of five fields names: minute, hour, day of month, month, day of week, in a
 * time zone. A time that a change of the clock leaves out is taken as much later as the clock is put
 * forward; one that comes twice counts twice where the hour is `*`, else once, the first time.
 */
import { quote, refuse } from './refuse.ts'

const DAYS_MAX = 9 * 366
const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const DAYS = 'sun mon tue wed thu fri sat'.split(' ')

interface Field {
  readonly name: string
  readonly least: number
  readonly most: number
  /** Words for its numbers, from `least` on. */
  readonly words: readonly string[]
}
const FIELDS: readonly Field[] = [
  { name: 'minute', least: 0, most: 59, words: [] },
  { name: 'hour', least: 0, most: 23, words: [] },
  { name: 'day of month', least: 1, most: 31, words: [] },
  { name: 'month', least: 1, most: 12, words: MONTHS },
  { name: 'day of week', least: 0, most: 7, words: DAYS },
]

type Days = readonly [
  minutes: Set<number>,
  hours: Set<number>,
  Set<number>,
  Set<number>,
  Set<number>,
]

export class Cron {
  readonly #fields: Days
  readonly #eachHour: boolean
  /** Where both days are given, either is enough. */
  readonly #anyDay: boolean
  readonly #zone: string

  /** Throws pipeline: a field is not one, the zone is not known, or no day is ever meant. */
  constructor(text: string, zone: string) {
    const words = text.trim().split(/\s+/)
    if (words.length !== 5)
      refuse(`cron ${quote(text)} has ${words.length} fields, and not five`, {
        hint: 'minute hour day-of-month month day-of-week, such as 15 6 * * mon-fri',
      })
    this.#fields = FIELDS.map((field, i) => valuesOf(words[i] as string, field, text)) as never
    if (this.#fields[4].has(7)) this.#fields[4].add(0)
    this.#eachHour = (words[1] as string).startsWith('*')
    this.#anyDay = !(words[2] as string).startsWith('*') && !(words[4] as string).startsWith('*')
    this.#zone = knownZone(zone)
    if (this.after(0) === null) refuse(`cron ${quote(text)} names a day that never comes`, {})
  }

  /** The first of its times after this one, epoch milliseconds; null: there is none in nine years. */
  after(ms: number): number | null {
    const from = this.#dayOf(ms)
    for (let i = 0; i < DAYS_MAX; i++) {
      const found = this.#timesOf(from.add({ days: i })).find(time => time > ms)
      if (found !== undefined) return found
    }
    return null
  }

  /** The last of its times up to this one. */
  upTo(ms: number): number | null {
    const from = this.#dayOf(ms)
    for (let i = 0; i < DAYS_MAX; i++) {
      const found = this.#timesOf(from.subtract({ days: i })).findLast(time => time <= ms)
      if (found !== undefined) return found
    }
    return null
  }

  #dayOf(ms: number): Temporal.PlainDate {
    return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(this.#zone).toPlainDate()
  }

  /** In their order, each once. */
  #timesOf(day: Temporal.PlainDate): number[] {
    const [minutes, hours] = this.#fields
    if (!this.#hasDay(day)) return []
    const times = new Set<number>()
    for (const hour of hours)
      for (const minute of minutes) {
        const wall = day.toPlainDateTime({ hour, minute })
        const at = (disambiguation: 'compatible' | 'later') =>
          wall.toZonedDateTime(this.#zone, { disambiguation }).epochMilliseconds
        times.add(at('compatible'))
        if (this.#eachHour) times.add(at('later'))
      }
    return [...times].sort((a, b) => a - b)
  }

  #hasDay({ day, month, dayOfWeek }: Temporal.PlainDate): boolean {
    const [, , days, months, weekDays] = this.#fields
    if (!months.has(month)) return false
    const [inMonth, inWeek] = [days.has(day), weekDays.has(dayOfWeek % 7)]
    return this.#anyDay ? inMonth || inWeek : inMonth && inWeek
  }
}

function valuesOf(text: string, field: Field, whole: string): Set<number> {
  const values = new Set<number>()
  for (const part of text.split(',')) {
    const [, from = '', to, step] = /^(\*|[\da-z]+)(?:-([\da-z]+))?(?:\/(\d+))?$/i.exec(part) ?? []
    const lower = from === '*' ? field.least : numberOf(from, field)
    const open = from === '*' || (step !== undefined && to === undefined)
    const most = field.words === DAYS ? 6 : field.most
    const upper = to === undefined ? (open ? most : lower) : numberOf(to, field)
    const by = Number(step ?? 1)
    if (!(lower <= upper && by >= 1) || (from === '*' && to !== undefined))
      refuse(`cron ${quote(whole)}: ${quote(part)} is no ${field.name}`, {
        hint: `numbers from ${field.least} to ${field.most}, such as 5, 1-5, */2 or 1,3`,
      })
    for (let value = lower; value <= upper; value += by) values.add(value)
  }
  return values
}

/** NaN: it is none. */
function numberOf(text: string, { least, most, words }: Field): number {
  const word = words.indexOf(text.toLowerCase())
  if (word >= 0) return least + word
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  return number >= least && number <= most ? number : Number.NaN
}

function knownZone(zone: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
  } catch {
    return refuse(`time zone ${quote(zone)} is not known`, {
      hint: 'give its name, such as Europe/Berlin or UTC',
    })
  }
}
