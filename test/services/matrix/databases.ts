/** Cases of MongoDB and Postgres. */
import { Decimal128, MongoClient } from 'mongodb'
import pg from 'pg'
import {
  type At,
  FILES,
  lines,
  LOAD,
  localFiles,
  type MatrixCase,
  out,
  READ,
  ROWS_PER_FILE,
} from './case.ts'
import { orders, TABLES } from './rows.ts'

const DOCUMENTS = 3000

export const mongoRead: MatrixCase = {
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

export const postgresRead: MatrixCase = {
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

export const postgresLoad: MatrixCase = {
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
