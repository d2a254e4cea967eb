/** Which columns split the rows of a distinct, in whole runs: by plan and first rows; never the answer. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type PCollection, schema, t } from 'millrace'
import { csv } from 'millrace/io'
import { runRows } from '../../testing/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-split-keys-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const Line = schema({ invoice: t.utf8, item: t.int32, land: t.utf8.nullable })
type Lines = PCollection<(typeof Line)['fields']>

interface Row {
  readonly invoice: string
  readonly item: number
  readonly land: string | null
}

/** Each 20 rows an invoice, of which the last repeats the first. */
const line = (i: number): Row => {
  const first = i % 20 === 19 ? i - 19 : i
  const land = ['DE', 'FR', null][((i / 20) % 3) | 0] as string | null
  return { invoice: `n${(i / 20) | 0}`, item: (first * 7) % 1000, land }
}

function fileOf(name: string, rows: readonly Row[]): string {
  const path = join(folder, name)
  const text = rows.map(r => `${r.invoice},${r.item},${r.land ?? ''}\n`).join('')
  writeFileSync(path, `invoice,item,land\n${text}`)
  return path
}

const many = Array.from({ length: 6000 }, (_, i) => line(i))
const invoicesByLand = (lines: Lines) =>
  lines
    .distinct()
    .groupBy('land')
    .aggregate(g => ({ invoices: g.countDistinct('invoice'), lines: g.count() }))

/** What `invoicesByLand` must give. */
function expected(rows: readonly Row[]) {
  const distinct = [...new Map(rows.map(r => [JSON.stringify(r), r])).values()]
  return [...Map.groupBy(distinct, r => r.land)].map(([land, of]) => ({
    land,
    invoices: new Set(of.map(r => r.invoice)).size,
    lines: of.length,
  }))
}

async function ran(path: string, of: (lines: Lines) => unknown) {
  let keys: (readonly string[])[] = []
  const { rows } = await runRows(p => ({ out: of(p.read(csv(path, Line))) as Lines }), {
    partitions: 4,
    started: ({ inputs }) => {
      keys = [...inputs.splitKeys.values()]
    },
  })
  return { rows: rows.out as unknown as readonly Record<string, unknown>[], keys }
}

const byLand = (rows: readonly object[]) => rows.map(r => JSON.stringify(r)).sort()

test('rows are split by the column that is counted beyond, and counted right', async () => {
  const { rows, keys } = await ran(fileOf('many.csv', many), invoicesByLand)
  assert.deepEqual(keys, [['invoice']])
  assert.deepEqual(byLand(rows), byLand(expected(many)))
})

test('a column whose values are few is not taken, one that rows are grouped by is', async () => {
  const path = fileOf('many.csv', many)
  const landsByInvoice = (lines: Lines) =>
    lines
      .distinct()
      .groupBy('invoice')
      .aggregate(g => ({ lands: g.countDistinct('land') }))
  assert.deepEqual((await ran(path, landsByInvoice)).keys, [['invoice']])
  const linesByLand = (lines: Lines) =>
    lines
      .distinct()
      .groupBy('land')
      .aggregate(g => ({ lines: g.count() }))
  assert.deepEqual((await ran(path, linesByLand)).keys, [])
})

test('a value that is frequent in the middle, or too few rows, leave all columns', async () => {
  const hot = many.map((r, i) => (i > 2500 ? { ...r, invoice: 'hot' } : r))
  const halves = [hot.slice(0, 2000), hot.slice(2000)]
  halves.forEach((rows, i) => fileOf(`half-${i}.csv`, rows))
  const uneven = await ran(join(folder, 'half-*.csv'), invoicesByLand)
  assert.deepEqual(uneven.keys, [])
  assert.deepEqual(byLand(uneven.rows), byLand(expected(hot)))
  const few = await ran(fileOf('few.csv', many.slice(0, 500)), invoicesByLand)
  assert.deepEqual(few.keys, [])
  assert.deepEqual(byLand(few.rows), byLand(expected(many.slice(0, 500))))
})
