/**
 * Everything that a server holds, by name: objects and uploads that were begun, collections, tables and
 * sessions that are in a transaction, jobs that are not done. What a run has left over is what is there
 * after it and was not expected. Asked of the server itself, by its official client.
 */
import {
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3'
import { MongoClient } from 'mongodb'
import pg from 'pg'
import type { ServerName, Service } from './services.ts'
import { bigqueryOf, s3Of, storageOf } from './talk.ts'

/** Sorted names: `gs://bucket/name`, `s3://bucket/key`, `s3://bucket/key (upload)`, `database.collection`, `schema.table`. */
export async function contents(service: Service): Promise<string[]> {
  return (await CONTENTS[service.name as ServerName | 'pages'](service)).sort()
}

async function ofGcs(service: Service): Promise<string[]> {
  const [buckets] = await storageOf(service).getBuckets()
  const lists = await Promise.all(buckets.map(bucket => bucket.getFiles()))
  return lists.flatMap(([files]) => files.map(file => `gs://${file.bucket.name}/${file.name}`))
}

async function ofS3(service: Service): Promise<string[]> {
  const client = s3Of(service)
  try {
    const { Buckets = [] } = await client.send(new ListBucketsCommand({}))
    return (await Promise.all(Buckets.map(({ Name = '' }) => ofBucket(client, Name)))).flat()
  } finally {
    client.destroy()
  }
}

async function ofBucket(client: S3Client, Bucket: string): Promise<string[]> {
  const names: string[] = []
  let ContinuationToken: string | undefined
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket, ...(ContinuationToken ? { ContinuationToken } : {}) }),
    )
    for (const { Key } of page.Contents ?? []) names.push(`s3://${Bucket}/${Key}`)
    ContinuationToken = page.NextContinuationToken
  } while (ContinuationToken)
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
  return [...names, ...Uploads.map(({ Key }) => `s3://${Bucket}/${Key} (upload)`)]
}

async function ofMongo(service: Service): Promise<string[]> {
  const client = new MongoClient(service.uri)
  try {
    const { databases } = await client.db().admin().listDatabases({ nameOnly: true })
    const own = databases.filter(({ name }) => !['admin', 'config', 'local'].includes(name))
    const lists = own.map(async ({ name }) => {
      const collections = await client.db(name).listCollections({}, { nameOnly: true }).toArray()
      return collections.map(collection => `${name}.${collection.name}`)
    })
    return (await Promise.all(lists)).flat()
  } finally {
    await client.close()
  }
}

const SESSIONS = `select 'session: ' || state from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`
const TABLES = `select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`
const PREPARED = `select 'prepared: ' || gid from pg_prepared_xacts`

async function ofPostgres(service: Service): Promise<string[]> {
  const client = new pg.Client(service.uri)
  await client.connect()
  try {
    const query = `${TABLES} union all ${SESSIONS} union all ${PREPARED}`
    return (await client.query({ text: query, rowMode: 'array' })).rows.map(([name]) => name)
  } finally {
    await client.end()
  }
}

async function ofBigquery(service: Service): Promise<string[]> {
  const bigquery = bigqueryOf(service)
  const [datasets] = await bigquery.getDatasets()
  const lists = await Promise.all(datasets.map(dataset => dataset.getTables()))
  return lists.flatMap(([tables]) => tables.map(table => `${table.dataset.id}.${table.id}`))
}

/** The paged service of the matrix holds nothing but requests under way. */
const ofPages = async ({ uri }: Service): Promise<string[]> =>
  (await (await fetch(`${uri}/open`)).json()) as string[]

const CONTENTS: Readonly<Record<ServerName | 'pages', (service: Service) => Promise<string[]>>> = {
  gcs: ofGcs,
  s3: ofS3,
  mongo: ofMongo,
  postgres: ofPostgres,
  bigquery: ofBigquery,
  pages: ofPages,
}
