/** A few words with each server through its official client, set up as its environment says. */
import assert from 'node:assert/strict'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { BigQuery } from '@google-cloud/bigquery'
import { Storage } from '@google-cloud/storage'
import { OAuth2Client } from 'google-auth-library'
import { MongoClient } from 'mongodb'
import pg from 'pg'
import type { ServerName, Service } from './services.ts'

const TEXT = 'some text, é'

export function storageOf({ uri }: Pick<Service, 'uri'>): Storage {
  const options = { apiEndpoint: uri, useAuthWithCustomEndpoint: false, projectId: 'test' }
  const storage = new Storage(options)
  // Where STORAGE_EMULATOR_HOST is set the client takes it for the base, without the path.
  storage.baseUrl = `${uri}/storage/v1`
  return storage
}

export function s3Of({ uri, env }: Pick<Service, 'uri' | 'env'>): S3Client {
  const credentials = {
    accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
  }
  return new S3Client({ endpoint: uri, region: 'us-east-1', forcePathStyle: true, credentials })
}

export function bigqueryOf({ uri }: Pick<Service, 'uri'>): BigQuery {
  const authClient = new OAuth2Client()
  authClient.setCredentials({ access_token: 'test', expiry_date: Date.now() + 3_600_000 })
  const bigquery = new BigQuery({ projectId: 'test', apiEndpoint: uri, authClient })
  bigquery.baseUrl = `${uri}/bigquery/v2`
  return bigquery
}

export const listBuckets = (client: S3Client) => client.send(new ListBucketsCommand({}))

async function toGcs(service: Service): Promise<void> {
  const [bucket] = await storageOf(service).createBucket('talk')
  for (const resumable of [false, true]) {
    const file = bucket.file(`a folder/${resumable}.txt`)
    await file.save(TEXT, { resumable })
    assert.equal((await file.download())[0].toString(), TEXT)
  }
}

async function toS3(service: Service): Promise<void> {
  const client = s3Of(service)
  const Key = 'a folder/é.txt'
  await client.send(new CreateBucketCommand({ Bucket: 'talk' }))
  await client.send(new PutObjectCommand({ Bucket: 'talk', Key, Body: TEXT }))
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'talk', Key }))
  assert.equal(await Body?.transformToString(), TEXT)
  client.destroy()
}

async function toMongo(service: Service): Promise<void> {
  const client = new MongoClient(service.uri)
  const rows = client.db('talk').collection<{ _id: number; text: string }>('rows')
  await rows.insertOne({ _id: 1, text: TEXT })
  assert.equal((await rows.findOne({ _id: 1 }))?.text, TEXT)
  await client.close()
}

async function toPostgres(service: Service): Promise<void> {
  const client = new pg.Client(service.uri)
  await client.connect()
  const { rows } = await client.query('select $1::text as text, pg_export_snapshot() as snap', [
    TEXT,
  ])
  assert.equal(rows[0].text, TEXT)
  await client.end()
}

async function toBigquery(service: Service): Promise<void> {
  const bigquery = bigqueryOf(service)
  const [dataset] = await bigquery.createDataset('talk')
  await dataset.createTable('rows', { schema: [{ name: 'text', type: 'STRING' }] })
  await bigquery.query({ query: 'insert into talk.rows values (@text)', params: { text: TEXT } })
  const [rows] = await bigquery.query('select text from talk.rows')
  assert.deepEqual(rows, [{ text: TEXT }])
}

const TALKS: Readonly<Record<ServerName, (service: Service) => Promise<void>>> = {
  gcs: toGcs,
  s3: toS3,
  mongo: toMongo,
  postgres: toPostgres,
  bigquery: toBigquery,
}

/** Writes something and reads it back. Throws where it is not the same. */
export const to = (service: Service): Promise<void> => TALKS[service.name as ServerName](service)
