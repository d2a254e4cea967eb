/**
 * As `damaged.ts`, of nested columns. What is read must be what its kind allows, and of JSON lines what
 * `JSON.parse` makes of the same line. Parquet files come from DuckDB, uncompressed and without checksums:
 * damage reaches levels, lengths and values.
 */
import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { schema, t } from 'millrace'
import { csv, ndjson, parquet } from 'millrace/io'
import type { Kind } from '../../engine/data/kind.ts'
import { encodeNested } from '../../engine/data/nested.ts'
import type { AnySource } from '../../engine/io/source.ts'
import { duck } from '../../transforms/io/parquet/testing/peers.ts'
import { damage } from './damage.ts'
import { fuzzOf } from './damaged.ts'
import { type Random, TEXTS } from './random.ts'
import { csvRecords, jsonLines } from './records.ts'

const Line = schema({ sku: t.utf8, n: t.int32.nullable, tags: t.list(t.utf8.nullable).nullable })
const At = schema({ x: t.float64.nullable, any: t.json.nullable })
const Row = schema({
  id: t.int32,
  lines: t.list(t.struct(Line)),
  at: t.struct(At).nullable,
  any: t.json.nullable,
  grid: t.list(t.list(t.int32)).nullable,
})

type Value = Readonly<Record<string, unknown>>
const many = <T>(r: Random, make: () => T): T[] =>
  Array.from({ length: r.pick([0, 1, 2, 5]) }, make)
const or = <T>(r: Random, make: () => T): T | null => (r.chance(0.2) ? null : make())
const wellFormed = TEXTS.filter(text => text.isWellFormed())

const lineOf = (r: Random) => ({
  sku: r.pick(wellFormed),
  n: or(r, () => r.pick([0, -1, 2 ** 31 - 1, r.below(100)])),
  tags: or(r, () => many(r, () => or(r, () => `t${r.below(9)}`))),
})
const anyOf = (r: Random) => r.pick([1, 'a "b"', [1, [null]], { a: { b: [] } }, true, 1e300])
const rowOf = (r: Random, id: number): Value => ({
  id,
  lines: many(r, () => lineOf(r)),
  at: or(r, () => ({ x: or(r, () => r.below(100) / 8), any: or(r, () => anyOf(r)) })),
  any: or(r, () => anyOf(r)),
  grid: or(r, () => many(r, () => many(r, () => r.below(1000)))),
})
const rowsOf = (r: Random, rows: number): Value[] =>
  Array.from({ length: rows }, (_, id) => rowOf(r, id))

/** `1e999` is JSON and stays so, though JavaScript has no number for it. */
const holdsInfinity = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.values(value).some(holdsInfinity)
    : Math.abs(value as number) === Infinity

/** Every row is one that its schema could hold. */
function conforming(rows: readonly Value[]): void {
  for (const row of rows)
    for (const { name, kind } of Row.list) {
      const value = row[name]
      if (value === null) assert.ok(kind.optional, `${name} is null`)
      else if (kind.tag === 'int32') assert.equal((value as number) | 0, value)
      else if (!holdsInfinity(value)) encodeNested(kind, value)
    }
}

/** Whether a value that was read is what JSON.parse made of the same text. */
function means(kind: Kind, got: unknown, said: unknown): boolean {
  if (said === undefined || said === null) return got === null
  if (kind.tag === 'list') {
    const [a, b] = [got, said] as [unknown[], unknown[]]
    if (!Array.isArray(b) || a?.length !== b.length) return false
    return b.every((part, i) => means(kind.inner as Kind, a[i], part))
  }
  if (kind.tag === 'struct') {
    if (typeof said !== 'object' || Array.isArray(said) || got === null) return false
    const { list } = kind.inner as typeof Row
    const of = (name: string) => (Object.hasOwn(said, name) ? (said as Value)[name] : null)
    return list.every(f => means(f.kind, (got as Value)[f.name], of(f.name)))
  }
  if (kind.tag === 'json') return isDeepStrictEqual(got, said)
  if (kind.tag === 'utf8') return got === (said as string).toWellFormed?.()
  return Object.is(Number(got) + 0, Number(said) + 0)
}

export const damagedNestedNdjson = fuzzOf({
  name: 'nested.ndjson',
  async make(r, rows) {
    return Buffer.from(
      rowsOf(r, rows)
        .map(row => `${JSON.stringify(row)}\n`)
        .join(''),
    )
  },
  kept: bytes => Math.min(3, bytes.length),
  source: path => ndjson(path, Row) as AnySource,
  count: jsonLines,
  check(bytes, { rows, rejects }) {
    conforming(rows)
    const refused = new Set(rejects.map(r => r.line))
    const lines = bytes
      .toString('utf8')
      .split('\n')
      .flatMap((text, i) => (/[^ \t\r]/.test(text) && !refused.has(i + 1) ? [text] : []))
    assert.equal(lines.length, rows.length)
    lines.forEach((text, i) => {
      // A part of the file that is no UTF-8 reads as U+FFFD here, and otherwise there.
      if (text.includes('\uFFFD')) return
      const said = JSON.parse(text) as unknown
      assert.ok(
        means(t.struct(Row), rows[i], said),
        `${text} was read as ${JSON.stringify(rows[i])}`,
      )
    })
  },
})

const cell = (value: unknown): string =>
  value === null ? '' : `"${JSON.stringify(value).replaceAll('"', '""')}"`
const header = `${Row.list.map(f => f.name).join(',')}\n`

export const damagedNestedCsv = fuzzOf({
  name: 'nested.csv',
  async make(r, rows) {
    const lines = rowsOf(r, rows).map(row => `${Row.list.map(f => cell(row[f.name])).join(',')}\n`)
    return Buffer.from(header + lines.join(''))
  },
  kept: () => header.length,
  source: path => csv(path, Row) as AnySource,
  count: bytes => csvRecords(bytes, header.length),
  check: (_, { rows }) => conforming(rows),
})

let files = 0
const TYPES = `STRUCT(id INTEGER, lines STRUCT(sku VARCHAR, n INTEGER, tags VARCHAR[])[],
  "at" STRUCT(x DOUBLE, "any" JSON), "any" JSON, grid INTEGER[][])`

/** Bytes changed where they are, none of them the footer's, by which all the rest is found. */
function damagedPages(r: Random, whole: Buffer): Buffer {
  const bytes = Buffer.from(whole)
  const pages = whole.length - 12 - whole.readUInt32LE(whole.length - 8)
  for (let n = 1 + r.below(3); n > 0 && pages > 0; n--) {
    const at = 4 + r.below(pages)
    bytes[at] = r.chance(0.5) ? (bytes[at] as number) ^ (1 << r.below(8)) : r.below(8)
  }
  return bytes
}

export const damagedNestedParquet = fuzzOf({
  name: 'nested.parquet',
  async make(r, rows) {
    const path = join(tmpdir(), `millrace-nested-${process.pid}-${files++}`)
    const texts = rowsOf(r, rows).map(row => `('${JSON.stringify(row).replaceAll("'", "''")}')`)
    const from =
      texts.length === 0 ? "(SELECT '' AS v WHERE false)" : `(VALUES ${texts.join()}) AS t(v)`
    const version = r.pick(['V1', 'V2'])
    try {
      await duck(
        `COPY (SELECT r.* FROM (SELECT unnest(v::JSON::${TYPES}) FROM ${from}) AS r)
         TO '${path}' (FORMAT parquet, COMPRESSION uncompressed, PARQUET_VERSION ${version})`,
      )
      return readFileSync(path)
    } finally {
      rmSync(path, { force: true })
    }
  },
  kept: () => 4,
  damage: (r, whole, kept) => (r.chance(0.2) ? damage(r, whole, kept) : damagedPages(r, whole)),
  source: path => parquet(path, Row) as AnySource,
  count: () => null,
  check: (_, { rows }) => conforming(rows),
})
