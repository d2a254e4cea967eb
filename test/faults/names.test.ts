/**
 * Columns named to break out of generated code, of objects and of SQL, from CSV through every kind of
 * step to Parquet, a table and back; and ten thousand columns. What is generated holds none of the names.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { type PCollection, pipeline, schema, t } from 'millrace'
import { csv, ndjson, parquet, table } from 'millrace/io'
import { faultFromJson } from '../../engine/fault.ts'
import { runPipeline } from '../../engine/run/run.ts'
import { runRows } from '../../testing/index.ts'
import { file, workFolder } from './command.ts'

const folder = workFolder('names')
const NAMES = [
  '__proto__',
  'constructor',
  '"];process.exit()//',
  'line\u2028and\u2029para',
  '',
  'hasOwnProperty',
  "it's; DROP TABLE t;--",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is what it tries
  '`${process.exit()}`',
  '*/ process.exit() /*',
  '\\"\n\t\\',
  'then',
] as const
const KEY = '"];process.exit()//' as const
const NULLABLE = '__proto__' as const
const ROWS = 6

// biome-ignore lint/suspicious/noExplicitAny: names that only the test knows
type Loose = PCollection<any>
type LooseRow = Record<string, unknown>
const kindOf = (name: string) => (name === NULLABLE ? t.utf8.nullable : t.utf8)
const Row = schema(Object.fromEntries(NAMES.map(name => [name, kindOf(name)])))
const cellOf = (name: string, row: number): string | null =>
  name === KEY ? `key ${row % 2}` : name === NULLABLE && row === 3 ? null : `${row} of ${name}`
const expected = Array.from({ length: ROWS }, (_, row) =>
  Object.fromEntries(NAMES.map(name => [name, cellOf(name, row)])),
)

const quoted = (text: string | null): string =>
  text === null ? '' : `"${text.replaceAll('"', '""')}"`
const csvOf = (names: readonly string[], rows: readonly LooseRow[]): string =>
  [names.map(quoted), ...rows.map(row => names.map(n => quoted(row[n] as string | null)))]
    .map(cells => `${cells.join(',')}\r\n`)
    .join('')
const input = file(folder, 'in.csv', csvOf(NAMES, expected))

/** Every text that becomes a function while `work` runs. */
async function sourcesOf(work: () => Promise<void>): Promise<string[]> {
  const { Function: real } = globalThis
  const sources: string[] = []
  globalThis.Function = new Proxy(real, {
    construct(target, args) {
      sources.push(args.join('\n'))
      return Reflect.construct(target, args)
    },
  })
  try {
    await work()
  } finally {
    globalThis.Function = real
  }
  return sources
}

/** As a JSON string a name may stand there; as anything else it is code. */
function holdsNoName(source: string, names: readonly string[]): void {
  const bare = source.replaceAll(/"(?:[^"\\\n\u2028\u2029]|\\.)*"/g, '0')
  for (const name of names.filter(n => /\W/.test(n) || n === '__proto__'))
    assert.ok(!bare.includes(name), `${JSON.stringify(name)} in ${source}`)
}

async function read(sql: string, path = ':memory:'): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  const rows = (await connection.runAndReadAll(sql)).getRowsJS() as unknown[][]
  connection.closeSync()
  instance.closeSync()
  return rows
}

test('hostile names, from CSV to Parquet, NDJSON, CSV and a table, and back', async () => {
  const out = join(folder, 'out')
  const added = '__proto__"];process.exit()//2'
  const definition = pipeline({
    name: 'names',
    params: {},
    build(p) {
      const rows = p.read(csv(input, Row)) as Loose
      const more = rows
        .filter((r: LooseRow) => r[KEY] !== 'nothing')
        .where({ '': { gt: '0' } })
        .derive({ [added]: [t.int32, (r: LooseRow) => String(r['constructor']).length] })
      more.write(parquet(`${out}/rows`, { sortBy: [''] }))
      more.write(ndjson(`${out}/ndjson`))
      more.write(csv(`${out}/csv`))
      more.write(parquet(`${out}/parts`, { partitionBy: [KEY] as never }))
      const named = more.rename({ '': 'empty' } as never) as Loose
      named.write(table(`duckdb:${out}.duckdb`, 'rows"; DROP', { mode: 'replace' }))
      const groups = more.groupBy(KEY, 'then').aggregate(g => ({
        constructor: g.count(),
        ['__proto__']: g.sum(added as never),
        '': g.max('constructor' as never),
      }))
      groups.write(parquet(`${out}/groups`))
    },
  })
  const sources = await sourcesOf(async () => {
    const { error } = await runPipeline({ pipeline: definition })
    if (error) throw faultFromJson(error)
  })
  assert.ok(sources.length > 5)
  for (const source of sources) holdsNoName(source, [...NAMES, added])

  const all = [...NAMES, added]
  const values = expected.map(row => [...NAMES.map(n => row[n]), String(row['constructor']).length])
  assert.deepEqual(await read(`SELECT * FROM '${out}/rows/*.parquet'`), values)
  const described = await read(`DESCRIBE SELECT * FROM '${out}/rows/*.parquet'`)
  assert.deepEqual(
    described.map(row => row[0]),
    // What DuckDB calls the fifth column, which has no name.
    all.map(n => (n === '' ? 'C4' : n)),
  )
  assert.deepEqual(await read('SELECT * FROM "rows""; DROP"', `${out}.duckdb`), values)
  const [total] = await read(
    `SELECT count(*), count(DISTINCT "then") FROM '${out}/groups/*.parquet'`,
  )
  assert.deepEqual(total, [BigInt(ROWS), BigInt(ROWS)])

  const Full = schema(
    Object.fromEntries([...NAMES.map(n => [n, kindOf(n)] as const), [added, t.int32] as const]),
  )
  const back = await runRows(p => ({
    parquet: p.read(parquet(`${out}/rows`, Full)),
    ndjson: p.read(ndjson(`${out}/ndjson`, Full)),
    csv: p.read(csv(`${out}/csv`, Full)),
  }))
  for (const rows of Object.values(back.rows) as LooseRow[][]) {
    assert.deepEqual(
      rows.map(row => all.map(n => row[n])),
      values,
    )
    for (const row of rows) assert.ok(Object.hasOwn(row, '__proto__') && Object.hasOwn(row, ''))
  }
})

test('hostile names in every verb, by name and by spread', async () => {
  const sources = await sourcesOf(async () => {
    const { rows } = await runRows(p => {
      const all = p.create(Row, expected) as Loose
      const keyed = all.distinct().distinctBy([KEY], { keep: 'last', by: '' })
      return {
        spread: all.map(Row, r => ({ ...r })),
        json: all.map(schema({ [KEY]: t.utf8 }), (r: LooseRow) => ({ [KEY]: JSON.stringify(r) })),
        keyed,
        joined: all.join(keyed, { on: KEY, prefix: '"];' } as never),
        filled: all
          .fillNulls({ [NULLABLE]: 'none' } as never)
          .sortBy({ by: '', order: 'desc' } as never),
        kept: all
          .dropNulls(NULLABLE as never)
          .rename({ [KEY]: 'x' } as never)
          .select(...(['x', 'constructor'] as never[])),
        top: all.groupBy(KEY).top(1, { by: 'then', rank: '*/rank/*' } as never),
        flat: all.flatMap(Row, r => [r, r]),
      }
    })
    assert.deepEqual(rows.spread, expected)
    assert.deepEqual(
      rows.json.map(r => JSON.parse(String((r as LooseRow)[KEY]))),
      expected.map(r => JSON.parse(JSON.stringify(r))),
    )
    assert.deepEqual(
      rows.keyed.map(r => (r as LooseRow)['']),
      ['4 of ', '5 of '],
    )
    assert.equal(rows.joined.length, ROWS)
    assert.equal((rows.joined[0] as LooseRow)['"];then'], '4 of then')
    assert.deepEqual(rows.filled.map(r => (r as LooseRow)[NULLABLE])[2], 'none')
    assert.deepEqual(rows.kept.length, ROWS - 1)
    assert.deepEqual(
      rows.top.map(r => (r as LooseRow)['*/rank/*']),
      [1, 1],
    )
    assert.equal(rows.flat.length, 2 * ROWS)
  })
  for (const source of sources) holdsNoName(source, [...NAMES, '*/rank/*'])
})

test('ten thousand columns', async () => {
  const count = 10_000
  const out = join(folder, 'wide')
  const names = Array.from({ length: count }, (_, i) => `column ${i}`)
  const Wide = schema(Object.fromEntries(names.map(n => [n, t.int32])))
  const lines = [0, 1, 2].map(row => `${names.map((_, i) => row * count + i).join(',')}\n`)
  const wide = file(folder, 'wide.csv', `${names.join(',')}\n${lines.join('')}`)
  const definition = pipeline({
    name: 'wide',
    params: {},
    build(p) {
      const rows = (p.read(csv(wide, Wide)) as Loose)
        .filter((r: LooseRow) => (r['column 0'] as number) > 0)
        .derive({ last: [t.int32, (r: LooseRow) => (r[`column ${count - 1}`] as number) + 1] })
      rows.write(parquet(`${out}/rows`))
      rows.write(table(`duckdb:${out}.duckdb`, 'wide', { mode: 'replace' }))
      rows
        .groupBy(...names.slice(0, 50))
        .aggregate(g => ({ sum: g.sum('last' as never) }))
        .write(parquet(`${out}/groups`))
    },
  })
  const { error, rows } = await runPipeline({
    pipeline: definition,
    // DuckDB holds some blocks a column.
    memoryBytes: 4 * 2 ** 30,
    arenaBytes: 2 ** 28,
  })
  if (error) throw faultFromJson(error)
  assert.deepEqual([rows.read, rows.filtered], [3, 1])
  const sql = `SELECT count(*), sum("column 9999"), sum(last) FROM`
  const answer = [2n, 2n * 9999n + 30_000n, 2n * 10_000n + 30_000n]
  const asNumbers = (row: unknown[] | undefined) => row?.map(v => BigInt(String(v)))
  assert.deepEqual(asNumbers((await read(`${sql} '${out}/rows/*.parquet'`))[0]), answer)
  assert.deepEqual(asNumbers((await read(`${sql} wide`, `${out}.duckdb`))[0]), answer)
  const { rows: back } = await runRows(p => ({ wide: p.read(csv(wide, Wide)) }))
  assert.deepEqual(
    back.wide.map(r => Object.values(r as LooseRow).reduce((a: number, b) => a + (b as number), 0)),
    [0, 1, 2].map(row => row * count * count + (count * (count - 1)) / 2),
  )
})
