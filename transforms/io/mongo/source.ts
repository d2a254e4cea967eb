/** A MongoDB collection as a source: plans ranges of it, opens their readers. */
import { type AnySchema, describe, type Fields, type Schema } from '../../../engine/data/schema.ts'
import type {
  PlanRequest,
  ReadRequest,
  Source,
  SourcePlan,
  Split,
} from '../../../engine/io/source.ts'
import { type Address, addressOf } from './address.ts'
import { type Lease, leaseOf } from './client.ts'
import { Decoder } from './decoder.ts'
import { type MongoSource, type Settings, settingsOf } from './options.ts'
import { Pages, type PagesOf } from './pages.ts'
import { planCollection } from './plan.ts'
import { projectionOf } from './projection.ts'
import { type Pushed, pushedOf } from './pushed.ts'
import type { Range } from './range.ts'
import { MongoReader } from './reader.ts'
import { retried } from './retry.ts'
import { skippedRows } from './skipped.ts'

export class MongoCollection<F extends Fields> implements Source<F> {
  readonly format = 'mongo'
  readonly leavesOut = true
  readonly schema: Schema<F>
  readonly uri: string
  readonly fingerprint: string
  readonly markName?: string
  readonly #address: Address
  readonly #settings: Settings
  readonly #idle: Decoder[] = []

  constructor(uri: string, schema: Schema<F>, options: MongoSource<F>) {
    this.schema = schema
    this.#address = addressOf(uri, options.collection)
    this.#settings = settingsOf(schema as AnySchema, options)
    this.uri = this.#address.shown
    const { collection: _, ...rest } = options
    this.fingerprint = `mongo ${this.uri} ${describe(schema as AnySchema)} ${JSON.stringify(rest)}`
    if (this.#settings.by !== null) this.markName = `${this.uri} by ${this.#settings.by}`
  }

  async plan(request: PlanRequest): Promise<SourcePlan> {
    const address = this.#address
    const settings = this.#settings
    const lease = await leaseOf(address, settings)
    try {
      return await retried(() => planCollection({ lease, address, settings }, request), {
        address,
        doing: 'read',
        deadlineMs: settings.deadlineMs,
        started: false,
      })
    } finally {
      lease.release()
    }
  }

  async open(split: Split, request: ReadRequest): Promise<MongoReader> {
    const address = this.#address
    const settings = this.#settings
    const range = split.detail as Range
    const decoder = this.#decoder(request.rowsPerBatch, range.key)
    const lease = await leaseOf(address, settings)
    const pushed = this.#pushed(lease, range, request)
    const pagesOf: PagesOf = {
      lease,
      address,
      settings,
      range: { ...range, batch: Math.min(range.batch, decoder.rowsMax) },
      asked: {
        collection: address.collection,
        projection: projectionOf([...settings.paths, '_id', range.key]),
        readConcern: settings.readConcern,
        keep: pushed?.keep ?? null,
      },
    }
    const pages = new Pages(pagesOf)
    const skipped = pushed && (() => skippedRows(pagesOf, pushed))
    const { by, paths } = settings
    const done = (): void => {
      if (this.#idle.length < 2) this.#idle.push(decoder)
    }
    const byColumn = by === null ? -1 : paths.indexOf(by)
    return new MongoReader({ split, decoder, pages, paths, by: byColumn, skipped, done }, request)
  }

  /** Texts are compared by their bytes here, so a collection with another order of them is read whole. */
  #pushed({ driver }: Lease, range: Range, { leaveOut }: ReadRequest): Pushed | null {
    const { paths, pushdown, by } = this.#settings
    if (leaveOut === undefined || !pushdown || !range.simple) return null
    // What increments go by must be a date, whatever the schema says.
    const schema = this.schema as AnySchema
    const { conditions } = leaveOut
    return by === null ? pushedOf(driver.BSON, schema, { paths, conditions }) : null
  }

  #decoder(rows: number, key: string): Decoder {
    const known = this.#idle.findIndex(d => d.rowsAsked === rows && d.key === key)
    const [found] = known < 0 ? [] : this.#idle.splice(known, 1)
    return (
      found ?? new Decoder(this.schema as AnySchema, { paths: this.#settings.paths, key, rows })
    )
  }
}
