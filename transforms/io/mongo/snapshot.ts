/** One moment that all splits read: the cluster time of a majority-committed snapshot, taken at planning. */
import type { Db, Timestamp } from 'mongodb'
import type { Address } from './address.ts'

/** Of servers that stand alone, of older ones, and of engines that keep no history. */
const NONE = new Set<unknown>([20, 72, 115, 123, 238, 246, 263])

/** In hex; null, with a note, where the server has none. */
export async function snapshotOf(
  db: Db,
  { collection, shown }: Address,
  notes: string[],
): Promise<string | null> {
  const none = (why: string): null => {
    notes.push(`${shown}: the server gives no snapshot (${why}): splits may see different moments`)
    return null
  }
  try {
    const command = {
      find: collection,
      projection: { _id: 1 },
      limit: 1,
      singleBatch: true,
      readConcern: { level: 'snapshot' },
    }
    const reply = await db.command(command, { readPreference: db.readPreference ?? 'primary' })
    const time = reply['cursor'].atClusterTime as Timestamp | undefined
    return time === undefined ? none('its answer names no time') : time.toBigInt().toString(16)
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string }
    if (NONE.has(code)) return none(message)
    throw error
  }
}
