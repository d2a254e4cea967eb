/**
 * The driver's clients: one a thread and address, shared by the splits that are read there at a time
 * and by those that follow soon, as connecting takes longer than reading a small split.
 */
import type { MongoClient, MongoClientOptions } from 'mongodb'
import type { Address } from './address.ts'
import { mongoFault } from './faults.ts'
import type { Settings } from './options.ts'

export type Driver = typeof import('mongodb')

export interface Lease {
  readonly driver: Driver
  readonly client: MongoClient
  /** The client itself is closed a little later, where nobody else has it. */
  release(): void
}

interface Shared {
  readonly client: MongoClient
  holders: number
  timer: NodeJS.Timeout | null
}

const LINGER_MS = 250
const SELECTION_MS = 20_000
const CONNECT_MS = 10_000
/** A reader has one request under way, and one read ahead. */
const SOCKETS_MAX = 16

const shared = new Map<string, Shared>()

/** Throws pipeline: the driver refuses the URI. Connecting is left to the first request. */
export async function leaseOf(address: Address, settings: Settings): Promise<Lease> {
  const driver = await import('mongodb')
  const key = JSON.stringify([address.driverUri, settings.readPreference, settings.timeoutMs])
  const held = shared.get(key) ?? {
    client: made(driver, address, settings),
    holders: 0,
    timer: null,
  }
  shared.set(key, held)
  held.holders++
  if (held.timer) clearTimeout(held.timer)
  let released = false
  const release = (): void => {
    if (released) return
    released = true
    if (--held.holders > 0) return
    held.timer = setTimeout(() => {
      shared.delete(key)
      // What a closing connection has to say concerns nobody any more.
      held.client.close().catch(() => undefined)
    }, LINGER_MS)
  }
  return { driver, client: held.client, release }
}

/** What the URI says itself stands. */
function made(driver: Driver, address: Address, settings: Settings): MongoClient {
  const ours: MongoClientOptions = {
    appName: 'millrace',
    serverSelectionTimeoutMS: SELECTION_MS,
    connectTimeoutMS: CONNECT_MS,
    socketTimeoutMS: settings.timeoutMs,
    maxPoolSize: SOCKETS_MAX,
  }
  const options = Object.fromEntries(
    Object.entries(ours).filter(([name]) => !address.given.has(name.toLowerCase())),
  )
  const preference = settings.readPreference
  try {
    return new driver.MongoClient(address.driverUri, {
      ...options,
      ...(preference === null
        ? {}
        : { readPreference: preference as NonNullable<MongoClientOptions['readPreference']> }),
    })
  } catch (error) {
    throw mongoFault(error, address, 'read')
  }
}
