/**
 * The fictive shop at work, wherever its database, its bucket and the warehouse are: each hour is written
 * as the shop would, run by the `millrace` command, and compared with what the generator knows.
 */
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
import { openApi } from '../../../transforms/io/bigquery/api.ts'
import { asking } from '../../../transforms/io/bigquery/session.ts'
import { datasetOf } from '../../../transforms/io/bigquery/uri.ts'
import { BigQueryWarehouse } from '../../../transforms/io/bigquery/warehouse.ts'

export const PIPELINE = 'pipelines/storefront/pipeline.ts'

/** URIs, as the pipeline's parameters. */
export interface Places {
  readonly shop: string
  readonly files: string
  readonly warehouse: string
  readonly rejects: string
}

/** Writes a file of the bucket. */
export type Put = (uri: string, text: string) => Promise<unknown>

export class Shopkeeper {
  readonly shop: Shop
  readonly places: Places
  readonly #put: Put
  readonly #mongo: MongoClient

  constructor(shop: Shop, places: Places, put: Put) {
    this.shop = shop
    this.places = places
    this.#put = put
    this.#mongo = new MongoClient(places.shop)
  }

  /** Makes the indexes that increments go by. */
  async open(): Promise<void> {
    for (const name of ['orders', 'customers'])
      await this.#mongo.db().collection(name).createIndex({ updatedAt: 1 })
  }

  /** Which places hold something that is not this shop's. */
  async taken(): Promise<string[]> {
    const counts = ['orders', 'customers'].map(name =>
      this.#mongo.db().collection(name).estimatedDocumentCount(),
    )
    const documents = (await Promise.all(counts)).reduce((sum, n) => sum + n, 0)
    const { project, dataset } = datasetOf(this.places.warehouse)
    const api = await openApi(project)
    const { tables = [] } = await asking(this.places.warehouse, () =>
      api.ask<{ tables?: readonly object[] }>({ path: `/datasets/${dataset}/tables` }),
    )
    return [
      ...(documents > 0 ? [`the shop's database has ${documents} documents`] : []),
      ...(tables.length > 0 ? [`${this.places.warehouse} has ${tables.length} tables`] : []),
    ]
  }

  /** Words of `millrace`; `hour` counts from the shop's first. */
  words(hour: number, ...more: readonly string[]): string[] {
    return this.wordsAt(this.places, hour, more)
  }

  /** The same, where something is reached another way. */
  wordsAt(places: Places, hour: number, more: readonly string[]): string[] {
    const from = new Date(this.shop.opened + hour * HOUR).toISOString()
    const given = (['shop', 'files', 'warehouse', 'rejects'] as const).flatMap(name => [
      `--${name}`,
      places[name],
    ])
    return [PIPELINE, '--interval', `${from.slice(0, 16)}Z`, ...given, ...more]
  }

  /** What happens in the hour, written as the shop writes it. */
  async write(hour: number): Promise<{ documents: number; rows: number }> {
    const orders = [...ordersWritten(this.shop, hour).map(orderDocument)]
    const customers = customersWritten(this.shop, hour).map(c => timed(c, 'customerId'))
    await this.#upsert('orders', [...orders, timed(badOrder(this.shop, hour), 'orderId')])
    await this.#upsert('customers', customers)
    const [products, stock] = [productsWritten(this.shop, hour), stockWritten(this.shop, hour)]
    const name = `hour-${String(hour).padStart(5, '0')}.csv`
    await this.#put(`${this.places.files}/products/${name}`, productsCsv(products))
    await this.#put(`${this.places.files}/stock/${name}`, stockCsv(stock))
    return { documents: orders.length + customers.length, rows: products.length + stock.length }
  }

  /** An order beside those of the generator. */
  async writeOrder(order: Order): Promise<void> {
    await this.#upsert('orders', [orderDocument(order)])
  }

  /** The last state of a document is what stays. */
  async #upsert(name: string, documents: readonly Document[]): Promise<void> {
    const last = new Map(documents.map(d => [d['_id'], d]))
    const collection = this.#mongo.db().collection(name)
    const writes = [...last.values()].map(replacement => ({
      replaceOne: { filter: { _id: replacement['_id'] }, replacement, upsert: true },
    }))
    for (let at = 0; at < writes.length; at += 1000)
      await collection.bulkWrite(writes.slice(at, at + 1000), { ordered: false })
  }

  /** Where the warehouse says something else than it must after the hour's run. */
  differences(hour: number): Promise<string[]> {
    return differences(answerAfter(this.shop, hour), sql => this.query(sql))
  }

  /** This process's environment must lead to the warehouse. */
  async query(sql: string): Promise<Record<string, unknown>[]> {
    const warehouse = new BigQueryWarehouse(this.places.warehouse, {
      staging: null,
      location: null,
    })
    try {
      return await warehouse.query(sql)
    } finally {
      await warehouse.close()
    }
  }

  async close(): Promise<void> {
    await this.#mongo.close()
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
