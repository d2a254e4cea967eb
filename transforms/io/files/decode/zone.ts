/** Wall-clock times of a zone as instants. A time that a clock change skips or repeats is taken as before the change. */
import { Fault } from '../../../../engine/fault.ts'

const QUARTER = 900e6
const CACHED_MAX = 65_536

/** Microseconds of a wall clock in the zone → microseconds UTC. Throws pipeline: there is no such zone. */
export function zoneClock(timeZone: string): (micros: number) => number {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
  } catch {
    throw new Fault('pipeline', `time zone ${JSON.stringify(timeZone)} does not exist`, {
      hint: 'such as Europe/London',
    })
  }
  // Clocks change at whole quarters of an hour, so one answer serves a quarter.
  const offsets = new Map<number, number>()
  return micros => {
    const quarter = Math.floor(micros / QUARTER)
    let offset = offsets.get(quarter)
    if (offset === undefined) {
      if (offsets.size >= CACHED_MAX) offsets.clear()
      offset = offsetAt((quarter * QUARTER) / 1000, timeZone)
      offsets.set(quarter, offset)
    }
    return micros + offset
  }
}

function offsetAt(millis: number, timeZone: string): number {
  const local = Temporal.Instant.fromEpochMilliseconds(millis)
    .toZonedDateTimeISO('UTC')
    .toPlainDateTime()
  const at = local.toZonedDateTime(timeZone, { disambiguation: 'compatible' })
  return (at.epochMilliseconds - millis) * 1000
}
