/** What is left over is found: on each server, and as open connections. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { MongoClient } from 'mongodb'
import pg from 'pg'
import { contents } from './contents.ts'
import { faultProxy } from './fault-proxy/proxy.ts'
import { leaks, noLeaks } from './leaks.ts'
import { needs, type ServerName, type Service, serverOf } from './services.ts'
import { bigqueryOf, s3Of, storageOf } from './talk.ts'

/** Leaves something over; the names of it. */
const LEAVE: Readonly<Record<ServerName, (service: Service, t: TestContext) => Promise<string[]>>> =
  {
    gcs: async service => {
      const [bucket] = await storageOf(service).createBucket('left')
      await bucket.file('a/b c.part').save('x', { resumable: false })
      return ['gs://left/a/b c.part']
    },
    s3: async service => {
      const client = s3Of(service)
      const at = { Bucket: 'left', Key: 'a/b c' }
      await client.send(new CreateBucketCommand({ Bucket: at.Bucket }))
      await client.send(new PutObjectCommand({ ...at, Body: 'x' }))
      await client.send(new CreateMultipartUploadCommand({ ...at, Key: 'big' }))
      client.destroy()
      return ['s3://left/a/b c', 's3://left/big (upload)']
    },
    mongo: async service => {
      const client = new MongoClient(service.uri)
      await client.db('left').collection('staging').insertOne({})
      await client.close()
      return ['left.staging']
    },
    postgres: async (service, t) => {
      const client = new pg.Client(service.uri)
      await client.connect()
      t.after(() => client.end())
      await client.query('create table staging (id int)')
      await client.query('begin')
      await client.query('select pg_export_snapshot()')
      return ['public.staging', 'session: idle in transaction']
    },
    bigquery: async service => {
      const [dataset] = await bigqueryOf(service).createDataset('left')
      await dataset.createTable('staging', { schema: [{ name: 'id', type: 'INTEGER' }] })
      return ['left.staging']
    },
  }

for (const [name, leave] of Object.entries(LEAVE))
  test(`${name}: what is left over has a name`, async t => {
    if (!needs(t, name as ServerName)) return
    const server = await serverOf(name as ServerName)
    const before = await contents(server)
    assert.deepEqual(await leaks({ server, before }), [])
    const left = await leave(server, t)
    assert.deepEqual(await leaks({ server, before }), left)
    await noLeaks({ server, before, expected: found => left.includes(found) })
  })

test('connections through a proxy are counted, and their ends waited for', async t => {
  if (!needs(t, 'gcs')) return
  const server = await serverOf('gcs')
  const proxy = await faultProxy(server, { seed: 1, rate: 0 })
  t.after(() => proxy.stop())
  const before = await contents(server)
  const socket = connect(proxy.port, '127.0.0.1')
  await new Promise(resolve => socket.once('connect', resolve))
  const watched = { server, before, proxies: [proxy] }
  while (proxy.connections === 0) await new Promise(setImmediate)
  assert.deepEqual(await leaks(watched), ['1 open connections'])
  setTimeout(() => socket.destroy(), 300)
  await noLeaks(watched)
})
