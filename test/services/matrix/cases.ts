/**
 * What the matrix runs: for each connector a run, what it must answer, and what it may leave on a server.
 * `name` stands for the run: `calm`, or a seed; each run writes to a place of its own.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { Decimal128, MongoClient } from 'mongodb'
import pg from 'pg'
import type { ServerName, Service } from '../services.ts'
import { bigqueryOf, s3Of, storageOf } from '../talk.ts'
import { csvFilesIn, csvOf, orders } from './rows.ts'

const FILES = 4
const ROWS_PER_FILE = 2000
const DOCUMENTS = 3000
const READ = 'test/services/matrix/read.ts'
const LOAD = 'test/services/matrix/load.ts'

export type Servers = Readonly<Partial<Record<ServerName, Service>>>

export interface At {
  /** The servers themselves. */
  readonly servers: Servers
  /** A folder of the test's. */
  readonly folder: string
}

export interface MatrixCase {
  readonly name: string
  readonly servers: readonly ServerName[]
  /** Fills what is read. Once. */
  prepare(at: At): Promise<void>
  /** What `millrace` is told. `through`: the servers, or the proxies before them. */
  words(at: At, through: Servers, name: string): Promise<string[]>
  /** Environment variables of the run, besides those of the servers. */
  env?(name: string): Record<string, string>
  /** What the run came to: equal answers are equal data. */
  answer(at: At, name: string): Promise<string>
  /** What may be on a server after a run. Nothing more than before where absent. */
  made?(name: string): (thing: string) => boolean
}

const hashOf = (parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}

/**
 * Names and bytes of the files below a folder. A shard's name has a hash of where it lies, and a manifest
 * has the versions of objects: these are left out, what a manifest lists is looked for.
 */
export function filesOf(folder: string): string {
  const names = globSync('**/*.*', { cwd: folder }).sort()
  const files = names.flatMap(name => {
    const bytes = readFileSync(join(folder, name))
    return [
      name.replace(/-[0-9a-f]{12}\./, '.'),
      name.endsWith(MANIFEST) ? listedIn(dirname(join(folder, name)), bytes) : bytes,
    ]
  })
  return `${names.length} files ${hashOf(files)}`
}

const MANIFEST = '_millrace_manifest.json'

/** What a manifest lists is there, with its size. */
function listedIn(folder: string, manifest: Buffer): string {
  const { objects } = JSON.parse(manifest.toString()) as {
    objects: { name: string; bytes: number }[]
  }
  for (const { name, bytes } of objects)
    assert.equal(statSync(join(folder, name)).size, bytes, name)
  return `${objects.length} objects`
}

const out = ({ folder }: At, name: string): string => join(folder, 'out', name)
const localFiles = (at: At, name: string) => Promise.resolve(filesOf(out(at, name)))
const lines = ({ folder }: At): string => csvFilesIn(join(folder, 'in'), FILES, ROWS_PER_FILE)

async function bucketIn(server: Service, name: string): Promise<void> {
  if (server.name === 'gcs') await storageOf(server).createBucket(name)
  else {
    const client = s3Of(server)
    await client.send(new CreateBucketCommand({ Bucket: name }))
    client.destroy()
  }
}

async function put(server: Service, bucket: string, key: string, body: string): Promise<void> {
  if (server.name === 'gcs') {
    await storageOf(server).bucket(bucket).file(key).save(body, { resumable: false })
    return
  }
  const client = s3Of(server)
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))
  client.destroy()
}

const SCHEME = { gcs: 'gs', s3: 's3' } as const

function readsObjects(kind: 'gcs' | 's3'): MatrixCase {
  const bucket = `matrix-read-${kind}`
  return {
    name: `${kind}: CSV is read`,
    servers: [kind],
    async prepare({ servers }) {
      const server = servers[kind]!
      await bucketIn(server, bucket)
      for (let i = 0; i < FILES; i++) {
        const rows = orders(i * ROWS_PER_FILE, (i + 1) * ROWS_PER_FILE)
        await put(server, bucket, `in/é ${i}.csv`, csvOf(rows))
      }
    },
    words: async (at, _, name) => [
      ...['run', READ, '--kind', 'csv', '--input', `${SCHEME[kind]}://${bucket}/in/*.csv`],
      ...['--output', out(at, name)],
    ],
    answer: localFiles,
  }
}

function writesObjects(kind: 'gcs' | 's3'): MatrixCase {
  const bucket = `matrix-write-${kind}`
  return {
    name: `${kind}: shards are written`,
    servers: [kind],
    prepare: ({ servers }) => bucketIn(servers[kind]!, bucket),
    words: async (at, _, name) => [
      ...['run', READ, '--kind', 'csv', '--input', lines(at)],
      ...['--output', `${SCHEME[kind]}://${bucket}/${name}`],
    ],
    // On both servers an object is a file of its bucket's folder.
    async answer({ servers }, name) {
      return filesOf(join(servers[kind]!.folder, bucket, name))
    },
    made: name => thing =>
      thing.startsWith(`${SCHEME[kind]}://${bucket}/${name}/`) &&
      !/\.part$|\(upload\)$|_millrace\//.test(thing),
  }
}

const mongoRead: MatrixCase = {
  name: 'mongo: a collection is read',
  servers: ['mongo'],
  async prepare({ servers }) {
    const client = new MongoClient(servers.mongo!.uri)
    const documents = orders(0, DOCUMENTS).map(({ id, day, amount, ...rest }) => ({
      ...{ _id: id, id, day: new Date(day), amount: Decimal128.fromString(amount) },
      ...rest,
    }))
    const collection = client.db('matrix').collection<(typeof documents)[number]>('orders')
    await collection.insertMany(documents)
    await client.close()
  },
  words: async (at, through, name) => [
    ...['run', READ, '--kind', 'mongo', '--output', out(at, name)],
    ...['--input', through.mongo!.uri.replace('/?', '/matrix/orders?')],
  ],
  answer: localFiles,
}

async function inPostgres<T>({ servers }: At, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(servers.postgres!.uri)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

const postgresRead: MatrixCase = {
  name: 'postgres: a table is read',
  servers: ['postgres'],
  prepare: at =>
    inPostgres(at, async client => {
      await client.query(
        'create table orders (id int primary key, day date, customer text, amount numeric(12, 2), note text)',
      )
      const rows = JSON.stringify(orders(0, FILES * ROWS_PER_FILE))
      await client.query(
        'insert into orders select * from json_populate_recordset(null::orders, $1)',
        [rows],
      )
      await client.query('analyze orders')
    }),
  words: async (at, through, name) => [
    ...['run', READ, '--kind', 'table', '--input', through.postgres!.uri],
    ...['--output', out(at, name)],
  ],
  answer: localFiles,
}

const TABLES = ['orders', 'days']

const postgresLoad: MatrixCase = {
  name: 'postgres: tables are loaded',
  servers: ['postgres'],
  prepare: () => Promise.resolve(),
  async words(at, through, name) {
    const database = `load_${name}`
    await inPostgres(at, client => client.query(`create database ${database}`))
    const warehouse = through.postgres!.uri.replace(/\/\w+$/, `/${database}`)
    return ['run', LOAD, '--input', lines(at), '--warehouse', warehouse]
  },
  async answer({ servers }, name) {
    const client = new pg.Client(servers.postgres!.uri.replace(/\/\w+$/, `/load_${name}`))
    await client.connect()
    const tables =
      "select relname from pg_class c join pg_namespace n on n.oid = relnamespace where relkind = 'r' and nspname !~ '^pg_|^information' order by 1"
    const parts = [JSON.stringify((await client.query(tables)).rows)]
    for (const table of TABLES) {
      const rows = `select count(*), md5(string_agg(r::text, ',' order by r::text)) from ${table} r`
      parts.push(JSON.stringify((await client.query(rows)).rows))
    }
    const busy = `select count(*) from pg_stat_activity where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()`
    parts.push(JSON.stringify((await client.query(busy)).rows))
    await client.end()
    return parts.join('\n')
  },
}

const bigqueryLoad: MatrixCase = {
  name: 'bigquery: tables are loaded',
  servers: ['bigquery', 'gcs'],
  prepare: ({ servers }) => bucketIn(servers.gcs!, 'matrix-staging'),
  async words(at, _, name) {
    await bigqueryOf(at.servers.bigquery!).createDataset(`load_${name}`)
    const place = ['--warehouse', `bigquery://test.load_${name}`]
    return ['run', LOAD, '--input', lines(at), ...place]
  },
  env: name => ({ MILLRACE_STAGING: `gs://matrix-staging/${name}` }),
  async answer({ servers }, name) {
    const bigquery = bigqueryOf(servers.bigquery!)
    const [there] = await bigquery.dataset(`load_${name}`).getTables()
    const parts = [
      there
        .map(table => table.id)
        .sort()
        .join(),
    ]
    for (const table of TABLES) {
      const [rows] = await bigquery.query(`select * from load_${name}.${table}`)
      parts.push(`${rows.length} ${hashOf(rows.map(row => JSON.stringify(row)).sort())}`)
    }
    return parts.join('\n')
  },
  // `millrace_loads` says which loads are in.
  made: name => thing =>
    [...TABLES, 'millrace_loads'].some(table => thing === `load_${name}.${table}`),
}

export const CASES: readonly MatrixCase[] = [
  readsObjects('gcs'),
  readsObjects('s3'),
  writesObjects('gcs'),
  writesObjects('s3'),
  mongoRead,
  postgresRead,
  postgresLoad,
  bigqueryLoad,
]
