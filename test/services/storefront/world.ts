/**
 * The fictive shop on real servers: customers and orders in MongoDB, products and stock on S3, Cloud
 * Storage for what is on its way, BigQuery for what is asked. Each hour is written as the shop would,
 * run by the `millrace` command, and compared with what the generator knows.
 */
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { Decimal128, type Document, MongoClient } from 'mongodb'
import {
  answerAfter,
  badOrder,
  customersWritten,
  differences,
  HOUR,
  ordersWritten,
  productsCsv,
  productsWritten,
  type Shop,
  stockCsv,
  stockWritten,
} from '../../../pipelines/storefront/generate/index.ts'
import type { Order } from '../../../pipelines/storefront/schema.ts'
import { BigQueryWarehouse } from '../../../transforms/io/bigquery/warehouse.ts'
import { typeOf } from '../bigquery-protocol/jobs.ts'
import { type BigqueryProtocol, bigqueryProtocol } from '../bigquery-protocol/proxy.ts'
import { type Service, start } from '../services.ts'
import { bigqueryOf, s3Of, storageOf } from '../talk.ts'

export const PIPELINE = 'pipelines/storefront/pipeline.ts'
const DATABASE = 'shop'
const BUCKET = 'shop-files'
const STAGING = 'staging'
const DATASET = 'storefront'

export interface Servers {
  readonly gcs: Service
  readonly bigquery: Service
  readonly s3: Service
  readonly mongo: Service
}

/** For the command's process: where each client finds its server. */
export const envOf = ({ gcs, bigquery, s3 }: Servers): Record<string, string> => ({
  ...bigquery.env,
  ...gcs.env,
  ...s3.env,
  MILLRACE_STAGING: `gs://${STAGING}/loads`,
})

export class World {
  readonly shop: Shop
  readonly servers: Servers
  /** What stands behind BigQuery's protocol. */
  readonly emulator: Service
  readonly #protocol: BigqueryProtocol
  readonly #mongo: MongoClient
  readonly #stops: readonly (() => Promise<void>)[]

  private constructor(
    shop: Shop,
    servers: Servers & { readonly bigquery: BigqueryProtocol },
    emulator: Service,
  ) {
    this.shop = shop
    this.servers = servers
    this.#protocol = servers.bigquery
    this.emulator = emulator
    const { gcs, bigquery, s3, mongo } = servers
    this.#stops = [bigquery, emulator, gcs, s3, mongo].map(s => () => s.stop())
    this.#mongo = new MongoClient(servers.mongo.uri)
  }

  /** Starts the servers and makes the places that the pipeline needs. */
  static async start(shop: Shop): Promise<World> {
    const gcs = await start('gcs')
    const [emulator, s3, mongo] = await Promise.all([
      start('bigquery', { gcs }),
      start('s3'),
      start('mongo'),
    ])
    const bigquery = await bigqueryProtocol(emulator)
    const world = new World(shop, { gcs, bigquery, s3, mongo }, emulator)
    const [bucket] = await storageOf(gcs).createBucket(STAGING)
    // The server forgets a bucket whose last object goes.
    await bucket.file('kept').save('')
    await s3Of(s3).send(new CreateBucketCommand({ Bucket: BUCKET }))
    await bigqueryOf(bigquery).createDataset(DATASET)
    for (const name of ['orders', 'customers'])
      await world.#mongo.db(DATABASE).collection(name).createIndex({ updatedAt: 1 })
    return world
  }

  /** BigQuery's jobs so far, by type. */
  get jobs(): Record<string, number> {
    const types = Object.groupBy(this.#protocol.jobs, job => typeOf(job.configuration))
    return Object.fromEntries(Object.entries(types).map(([type, all]) => [type, all?.length ?? 0]))
  }

  get env(): Record<string, string> {
    return envOf(this.servers)
  }

  /** Words of `millrace`; `hour` counts from the shop's first. */
  words(hour: number, ...more: readonly string[]): string[] {
    return this.wordsFor(hour, this.servers.mongo, more)
  }

  /** The same, where the database is reached another way. */
  wordsFor(hour: number, mongo: Service, more: readonly string[]): string[] {
    const from = new Date(this.shop.opened + hour * HOUR).toISOString()
    return [
      ...[PIPELINE, '--interval', `${from.slice(0, 16)}Z`],
      ...['--shop', mongo.uri.replace('/?', `/${DATABASE}?`)],
      ...['--files', `s3://${BUCKET}/files`],
      ...['--warehouse', `bigquery://test.${DATASET}`],
      ...['--rejects', `gs://${STAGING}/rejects`],
      ...more,
    ]
  }

  /** What happens in the hour, written as the shop writes it. */
  async write(hour: number): Promise<{ documents: number; rows: number }> {
    const orders = [...ordersWritten(this.shop, hour).map(orderDocument)]
    const customers = customersWritten(this.shop, hour).map(c => timed(c, 'customerId'))
    await this.#upsert('orders', [...orders, timed(badOrder(this.shop, hour), 'orderId')])
    await this.#upsert('customers', customers)
    const [products, stock] = [productsWritten(this.shop, hour), stockWritten(this.shop, hour)]
    const name = `hour-${String(hour).padStart(5, '0')}.csv`
    await this.#put(`files/products/${name}`, productsCsv(products))
    await this.#put(`files/stock/${name}`, stockCsv(stock))
    return { documents: orders.length + customers.length, rows: products.length + stock.length }
  }

  /** An order beside those of the generator. */
  async writeOrder(order: Order): Promise<void> {
    await this.#upsert('orders', [orderDocument(order)])
  }

  /** The last state of a document is what stays. */
  async #upsert(name: string, documents: readonly Document[]): Promise<void> {
    const last = new Map(documents.map(d => [d['_id'], d]))
    const collection = this.#mongo.db(DATABASE).collection(name)
    const writes = [...last.values()].map(replacement => ({
      replaceOne: { filter: { _id: replacement['_id'] }, replacement, upsert: true },
    }))
    for (let at = 0; at < writes.length; at += 1000)
      await collection.bulkWrite(writes.slice(at, at + 1000), { ordered: false })
  }

  async #put(key: string, text: string): Promise<void> {
    const client = s3Of(this.servers.s3)
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: text }))
  }

  /** Where the warehouse says something else than it must after the hour's run. */
  differences(hour: number): Promise<string[]> {
    return differences(answerAfter(this.shop, hour), sql => this.query(sql))
  }

  /** Of this process the environment must be `env`. */
  async query(sql: string): Promise<Record<string, unknown>[]> {
    const place = { staging: null, location: null }
    const warehouse = new BigQueryWarehouse(`bigquery://test.${DATASET}`, place)
    try {
      return await warehouse.query(sql)
    } finally {
      await warehouse.close()
    }
  }

  /** The hour's rejects as they were written, null where the hour has none. */
  async rejects(hour: number): Promise<string | null> {
    const at = new Date(this.shop.opened + hour * HOUR).toISOString().slice(0, 13)
    const bucket = storageOf(this.servers.gcs).bucket(STAGING)
    const [files] = await bucket.getFiles({ prefix: `rejects/${at}/` })
    const [file] = files.filter(f => f.name.endsWith('.ndjson'))
    return file ? (await file.download())[0].toString() : null
  }

  /** What a run should not leave: objects on their way, staging tables. */
  async leftovers(): Promise<string[]> {
    const [files] = await storageOf(this.servers.gcs).bucket(STAGING).getFiles()
    const objects = files
      .map(f => f.name)
      .filter(name => name.startsWith('loads/') || name.includes('_millrace/'))
    const [tables] = await bigqueryOf(this.servers.bigquery).dataset(DATASET).getTables()
    const staged = tables.map(t => t.id ?? '').filter(id => id.startsWith('millrace_staging'))
    return [...objects, ...staged]
  }

  async stop(): Promise<void> {
    await this.#mongo.close()
    for (const stop of this.#stops) await stop()
  }
}

const TIMES = ['createdAt', 'updatedAt']

/** Times as the database has them. */
function timed(row: object, id: string): Document {
  const parts = Object.entries(row).map(([name, value]) =>
    TIMES.includes(name) ? [name, new Date(value as number)] : [name, value],
  )
  const document: Document = Object.fromEntries(parts)
  return { _id: document[id], ...document }
}

/** Prices as decimals. */
function orderDocument(order: Order): Document {
  const lines = order.lines.map(line => ({
    ...line,
    price: Decimal128.fromString(line.price.toFixed(2)),
  }))
  return timed({ ...order, lines }, 'orderId')
}
