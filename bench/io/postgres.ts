/**
 * A Postgres table into columns, beside the rows of the official client: client CPU time and wall time
 * for the same columns of the same table, over one connection each, turn by turn; the answers are
 * compared first. Bound: the server makes rows at its own pace, as text for the one and as binary for
 * the other; its share is in both wall times, and in neither CPU time.
 */
import assert from 'node:assert/strict'
import pg from 'pg'
import type { Batch } from '../../engine/data/batch.ts'
import type { Column } from '../../engine/data/column.ts'
import { schema, t } from '../../engine/data/schema.ts'
import { start } from '../../test/services/services.ts'
import { table } from '../../transforms/io/index.ts'
import {
  type Comparison,
  type Finding,
  type Findings,
  median,
  type Settings,
} from './comparison.ts'

const ROWS = 300_000
const RATIO_MIN = 3
const NAME = 'millrace_bench_orders'

const Order = schema({
  id: t.int64,
  quantity: t.int32.nullable,
  price: t.decimal(10, 2).nullable,
  customer: t.utf8.nullable,
  status: t.utf8.nullable,
  at: t.timestamp.nullable,
  day: t.date.nullable,
  weight: t.float64.nullable,
  paid: t.bool.nullable,
  note: t.utf8.nullable,
})

const FILL = `CREATE TABLE ${NAME} AS SELECT i::int8 AS id, (i % 1000)::int4 AS quantity,
  round(((i * 7919::int8) % 1000000)::numeric / 100, 2)::numeric(10,2) AS price, 'customer ' || (i % 5000) AS customer,
  (array['new', 'paid', 'sent'])[1 + i % 3] AS status, timestamptz '2024-01-01Z' + i * interval '1 second' AS at,
  date '2024-01-01' + i % 365 AS day, i / 7.0::float8 AS weight, i % 2 = 0 AS paid,
  CASE WHEN i % 10 > 0 THEN 'note ' || i END AS note FROM generate_series(1, $1::int) i`

/** Sums over every column, lengths of the texts: what both must find. */
interface Answer {
  rows: number
  ids: number
  cents: number
  texts: number
  micros: number
  weight: number
  paid: number
}
const nothing = (): Answer => ({
  rows: 0,
  ids: 0,
  cents: 0,
  texts: 0,
  micros: 0,
  weight: 0,
  paid: 0,
})

async function byRows(client: pg.Client): Promise<Answer> {
  const sum = nothing()
  const names = Order.list.map(f => `"${f.name}"`).join(', ')
  const { rows } = await client.query(`SELECT ${names} FROM ${NAME}`)
  for (const row of rows) {
    sum.rows++
    sum.ids += Number(row.id) + row.quantity
    sum.cents += Math.round(Number(row.price) * 100)
    sum.texts += row.customer.length + row.status.length + (row.note?.length ?? 0)
    sum.micros += Number(row.at) * 1000
    sum.weight += row.weight
    sum.paid += row.paid ? 1 : 0
  }
  return sum
}

async function byColumns(uri: string): Promise<Answer> {
  const sum = nothing()
  const source = table(uri, NAME, Order)
  try {
    const { splits } = await source.plan({ splitBytes: Number.MAX_SAFE_INTEGER })
    for (const split of splits) {
      const reader = await source.open(split, {
        wanted: Order.list.map(() => true),
        rowsPerBatch: 16_384,
        reject: ({ reason }) => assert.fail(reason),
        advance: () => {},
      })
      for (let batch = await reader.next(); batch; batch = await reader.next()) add(sum, batch)
      await reader.close()
    }
  } finally {
    await source.release?.()
  }
  return sum
}

function add(sum: Answer, { columns, rows }: Batch): void {
  const [id, quantity, price, customer, status, at, , weight, paid, note] = columns as Column[]
  const of = (column: Column | undefined) => column?.values as Float64Array
  for (let r = 0; r < rows; r++) {
    sum.ids += (of(id)[r] as number) + (of(quantity)[r] as number)
    sum.cents += of(price)[r] as number
    sum.micros += of(at)[r] as number
    sum.weight += of(weight)[r] as number
    sum.paid += of(paid)[r] as number
  }
  for (const { pool, values, valid } of [customer, status, note] as Column[])
    for (let r = 0; r < rows; r++)
      if (valid?.[r] !== 0) sum.texts += pool?.string(values[r] as number).length ?? 0
  sum.rows += rows
}

interface Taken {
  readonly cpuMs: number
  readonly wallMs: number
}

async function taken(work: () => Promise<Answer>): Promise<Taken & { answer: Answer }> {
  const [cpu, wall] = [process.cpuUsage(), performance.now()]
  const answer = await work()
  const { user, system } = process.cpuUsage(cpu)
  return { answer, cpuMs: (user + system) / 1000, wallMs: performance.now() - wall }
}

const MEASURES = { cpuMs: 'CPU', wallMs: 'wall' } as const

function findingOf(key: keyof Taken, columns: readonly Taken[], rows: readonly Taken[]): Finding {
  const [ours, theirs] = [columns.map(t => t[key]), rows.map(t => t[key])]
  const text = (ms: readonly number[]): string =>
    `${median(ms).toFixed(0)} ms (least ${Math.min(...ms).toFixed(0)})`
  return {
    what: `Postgres by COPY into columns, speed beside rows of pg, ${MEASURES[key]}`,
    ours: text(ours),
    theirs: text(theirs),
    figure: median(theirs) / median(ours),
    aim: { least: RATIO_MIN },
  }
}

async function compared(uri: string, o: Settings): Promise<Findings> {
  const client = new pg.Client(uri)
  await client.connect()
  try {
    await client.query(FILL.replace('$1', String(Math.round(ROWS * o.scale))))
    await client.query(`VACUUM ANALYZE ${NAME}`)
    const [rows, columns]: [Taken[], Taken[]] = [[], []]
    for (let round = 0; round <= o.rounds; round++) {
      const one = await taken(() => byRows(client))
      const other = await taken(() => byColumns(uri))
      assert.deepEqual(other.answer, one.answer)
      // The first round warms both up.
      if (round === 0) continue
      rows.push(one)
      columns.push(other)
    }
    const measures = Object.keys(MEASURES) as (keyof Taken)[]
    return { findings: measures.map(key => findingOf(key, columns, rows)), notes: [] }
  } finally {
    await client.end()
  }
}

export const postgresRows: Comparison = {
  servers: ['postgres'],
  async run(settings) {
    const service = await start('postgres')
    try {
      return await compared(service.uri, settings)
    } finally {
      await service.stop()
    }
  },
}
