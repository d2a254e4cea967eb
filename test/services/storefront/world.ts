/**
 * The fictive shop on real servers: customers and orders in MongoDB, products and stock on S3, Cloud
 * Storage for what is on its way, BigQuery for what is asked.
 */
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { HOUR, type Shop } from '../../../pipelines/storefront/generate/index.ts'
import { typeOf } from '../bigquery-protocol/jobs.ts'
import { type BigqueryProtocol, bigqueryProtocol } from '../bigquery-protocol/proxy.ts'
import { type Service, start } from '../services.ts'
import { bigqueryOf, s3Of, storageOf } from '../talk.ts'
import { type Places, Shopkeeper } from './shopkeeper.ts'

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

const placesOf = (mongo: Service): Places => ({
  shop: mongo.uri.replace('/?', `/${DATABASE}?`),
  files: `s3://${BUCKET}/files`,
  warehouse: `bigquery://test.${DATASET}`,
  rejects: `gs://${STAGING}/rejects`,
})

export class World extends Shopkeeper {
  readonly servers: Servers
  /** What stands behind BigQuery's protocol. */
  readonly emulator: Service
  readonly #protocol: BigqueryProtocol
  readonly #stops: readonly (() => Promise<void>)[]

  private constructor(
    shop: Shop,
    servers: Servers & { readonly bigquery: BigqueryProtocol },
    emulator: Service,
  ) {
    const { gcs, bigquery, s3, mongo } = servers
    super(shop, placesOf(mongo), (uri, Body) => {
      const Key = uri.slice(`s3://${BUCKET}/`.length)
      return s3Of(s3).send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }))
    })
    this.servers = servers
    this.#protocol = bigquery
    this.emulator = emulator
    this.#stops = [bigquery, emulator, gcs, s3, mongo].map(s => () => s.stop())
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
    await world.open()
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

  /** Words of `millrace`, where the database is reached another way. */
  wordsFor(hour: number, mongo: Service, more: readonly string[]): string[] {
    return this.wordsAt(placesOf(mongo), hour, more)
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
    await this.close()
    for (const stop of this.#stops) await stop()
  }
}
