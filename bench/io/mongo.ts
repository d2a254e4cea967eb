/**
 * MongoDB into columns: the client's CPU time for a document, beside a plain `for await` of the official
 * driver over the same query and fields. Wall time says nothing here: the test server is slower than
 * either. Both read the same documents from the same server, turn by turn, and their answers are
 * compared first. Bound: the driver's own share, receiving bytes and finding documents in a reply, is in
 * both; what is compared is BSON into objects with BSON into columns.
 */
import assert from 'node:assert/strict'
import { Decimal128, MongoClient } from 'mongodb'
import type { Batch } from '../../engine/data/batch.ts'
import type { Column } from '../../engine/data/column.ts'
import { schema, t } from '../../engine/data/schema.ts'
import { readUnits } from '../../engine/data/value.ts'
import type { AnySource, ReadRequest, Split } from '../../engine/io/source.ts'
import { start } from '../../test/services/services.ts'
import { mongo } from '../../transforms/io/mongo/index.ts'
import { type Comparison, type Findings, median, type Settings } from './comparison.ts'

const DOCUMENTS = 50_000
const RATIO_MAX = 0.5

const Order = schema({
  _id: t.utf8,
  orderId: t.int32,
  status: t.utf8,
  customer: t.utf8,
  amount: t.decimal(12, 2),
  weight: t.float64,
  paid: t.bool,
  city: t.utf8,
  createdAt: t.timestamp,
  updatedAt: t.timestamp,
})
const FIELDS = { city: 'address.city' }

const documentOf = (n: number) => ({
  orderId: n,
  status: ['open', 'paid', 'shipped', 'returned'][n % 4],
  customer: `customer ${(n * 7919) % 5000}`,
  amount: Decimal128.fromString((((n * 37) % 100_000) / 100).toFixed(2)),
  weight: n / 7,
  paid: n % 3 === 0,
  address: { city: ['Bonn', 'Köln', 'Trier'][n % 3], zip: '53111' },
  createdAt: new Date(1.7e12 + n * 1000),
  updatedAt: new Date(1.7e12 + n * 1500),
})

/** What both must find: sums over every column that has one, and lengths of the texts. */
interface Answer {
  ids: number
  texts: number
  cents: number
  weight: number
  paid: number
  times: number
}
const nothing = (): Answer => ({ ids: 0, texts: 0, cents: 0, weight: 0, paid: 0, times: 0 })

const PROJECTION = {
  orderId: 1,
  status: 1,
  customer: 1,
  amount: 1,
  weight: 1,
  paid: 1,
  'address.city': 1,
  createdAt: 1,
  updatedAt: 1,
}

/** A contestant reads all documents; where `sum` is given it also adds up what it read. */
type Contestant = (sum: Answer | null) => Promise<number>

const byDriver =
  (client: MongoClient): Contestant =>
  async sum => {
    const options = { projection: PROJECTION, batchSize: 2000 }
    let rows = 0
    for await (const d of client.db('bench').collection('orders').find({}, options)) {
      rows++
      if (sum === null) continue
      sum.ids += d['orderId']
      sum.texts += d['status'].length + d['customer'].length + d['address'].city.length
      sum.cents += Math.round(Number(d['amount'].toString()) * 100)
      sum.weight += d['weight']
      sum.paid += d['paid'] ? 1 : 0
      sum.times += d['createdAt'].getTime() + d['updatedAt'].getTime()
    }
    return rows
  }

const byColumns =
  (source: AnySource, splits: readonly Split[]): Contestant =>
  async sum => {
    let rows = 0
    for (const split of splits) {
      const reader = await source.open(split, REQUEST)
      for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
        rows += batch.selected
        if (sum !== null) add(sum, batch)
      }
      await reader.close()
    }
    return rows
  }

const REQUEST: ReadRequest = {
  wanted: Order.list.map(() => true),
  rowsPerBatch: 16_384,
  reject({ reason }) {
    throw new Error(reason)
  },
  advance() {},
}

function add(sum: Answer, { rows, columns }: Batch): void {
  const [, id, status, customer, amount, weight, paid, city, created, updated] = columns as Column[]
  for (let i = 0; i < rows; i++) {
    sum.ids += Number(id?.values[i])
    for (const text of [status, customer, city])
      sum.texts += text?.pool?.string(Number(text.values[i])).length ?? 0
    sum.cents += Number(readUnits(amount as Column, i))
    sum.weight += Number(weight?.values[i])
    sum.paid += Number(paid?.values[i])
    sum.times += (Number(created?.values[i]) + Number(updated?.values[i])) / 1000
  }
}

async function fill(client: MongoClient, documents: number): Promise<void> {
  const orders = client.db('bench').collection('orders')
  for (let n = 0; n < documents; n += 1000)
    await orders.insertMany(
      Array.from({ length: Math.min(1000, documents - n) }, (_, i) => documentOf(n + i)),
    )
}

/** Milliseconds of CPU, of all threads of this process. */
async function cpuOf(contestant: Contestant, documents: number): Promise<number> {
  const before = process.cpuUsage()
  const rows = await contestant(null)
  assert.equal(rows, documents)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

async function compared(uri: string, o: Settings): Promise<Findings> {
  const documents = Math.round(DOCUMENTS * o.scale)
  const client = await new MongoClient(uri).connect()
  try {
    await fill(client, documents)
    const source = mongo(uri.replace(/\/(?=\?|$)/, '/bench/orders'), Order, { fields: FIELDS })
    const { splits } = await source.plan({ splitBytes: 1 << 30 })
    const contestants = { driver: byDriver(client), columns: byColumns(source, splits) }
    const [theirs, ours] = [nothing(), nothing()]
    await contestants.driver(theirs)
    await contestants.columns(ours)
    assert.deepEqual(ours, theirs)
    const times: Record<keyof typeof contestants, number[]> = { driver: [], columns: [] }
    for (let round = 0; round < o.rounds; round++)
      for (const name of ['driver', 'columns'] as const)
        times[name].push(await cpuOf(contestants[name], documents))
    const text = (all: readonly number[]): string => {
      const [middle, least] = [median(all), Math.min(...all)].map(ms => (ms * 1000) / documents)
      return `${middle?.toFixed(2)} µs (least ${least?.toFixed(2)})`
    }
    return {
      findings: [
        {
          what: 'MongoDB into columns beside `for await` of the driver, CPU a document',
          ours: text(times.columns),
          theirs: text(times.driver),
          figure: median(times.columns) / median(times.driver),
          aim: { most: RATIO_MAX },
        },
      ],
      notes: [],
    }
  } finally {
    await client.close()
  }
}

export const mongoDocuments: Comparison = {
  servers: ['mongo'],
  async run(settings) {
    const service = await start('mongo')
    try {
      return await compared(service.uri, settings)
    } finally {
      await service.stop()
    }
  },
}
