/**
 * Files whose bytes were changed at random never crash the reader, hang it, or lose a record: rows and
 * rejects together are the records that an independent count finds. Where the file as a whole cannot be
 * read, the answer is a `data` fault. A failing file is made smaller before it is shown.
 */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { schema, t } from 'millrace'
import { csv, ndjson, parquet } from 'millrace/io'
import { Fault } from '../../engine/fault.ts'
import type { AnySource } from '../../engine/io/source.ts'
import { type Read, readAll } from '../../transforms/io/files/testing/read-all.ts'
import type { Fuzz } from './campaign.ts'
import { damage, smaller } from './damage.ts'
import { parquetBytes } from './parquet-bytes.ts'
import { type Random, randomOf } from './random.ts'
import { csvRecords, jsonLines } from './records.ts'

const Row = schema({
  id: t.int32,
  price: t.decimal(10, 2).nullable,
  day: t.date,
  at: t.timestamp,
  note: t.utf8.nullable,
  f: t.float64,
  ok: t.bool,
})
const NAMES = Row.list.map(f => f.name)

interface Damaged {
  readonly bytes: Buffer
  readonly splitBytes: number
  readonly rowsPerBatch: number
}
interface Format {
  readonly name: string
  make(r: Random, rows: number): Promise<Buffer>
  /** Bytes at the front that stay as they are. */
  readonly kept: (bytes: Buffer) => number
  /** In place of changes anywhere. */
  damage?(r: Random, whole: Buffer, kept: number): Buffer
  source(path: string): AnySource
  /** Records in the file; null where they cannot be counted from outside. */
  count(bytes: Buffer): number | null
  /** Throws where something else was read than there is. */
  check?(bytes: Buffer, read: Read): void
}

async function caseOf(format: Format, seed: number): Promise<Damaged> {
  const r = randomOf(seed)
  const whole = await format.make(r, r.pick([0, 1, 3, 30, 200]))
  const bytes = (format.damage ?? damage)(r, whole, format.kept(whole))
  const splitBytes = r.pick([1 << 24, 1000, 64, 7].filter(n => bytes.length / n < 400))
  return { bytes, splitBytes, rowsPerBatch: r.pick([1, 5, 64, 4096]) }
}

let files = 0
async function read(format: Format, { bytes, splitBytes, rowsPerBatch }: Damaged): Promise<string> {
  const path = join(tmpdir(), `millrace-damaged-${process.pid}-${files++}.${format.name}`)
  writeFileSync(path, bytes)
  try {
    const found = await readAll(format.source(path), { splitBytes, rowsPerBatch })
    const { rows, rejects } = found
    const count = format.count(bytes)
    if (count !== null)
      assert.equal(
        rows.length + rejects.length,
        count,
        `${rows.length} rows, ${rejects.length} rejects`,
      )
    format.check?.(bytes, found)
    return rejects.length > 0 ? 'read, with rejects' : 'read'
  } catch (error) {
    if (error instanceof Fault && error.kind === 'data') return 'refused'
    throw error
  } finally {
    rmSync(path, { force: true })
  }
}

export const fuzzOf = (format: Format): Fuzz => ({
  name: `damaged-${format.name}`,
  check: async seed => read(format, await caseOf(format, seed)),
  async describe(seed) {
    const found = await caseOf(format, seed)
    const fails = async (bytes: Buffer): Promise<boolean> =>
      read(format, { ...found, bytes }).then(
        () => false,
        () => true,
      )
    const bytes = await smaller(found.bytes, format.kept(found.bytes), fails)
    const { splitBytes, rowsPerBatch } = found
    return `splitBytes ${splitBytes}, rowsPerBatch ${rowsPerBatch}, bytes ${JSON.stringify(bytes.toString('latin1').slice(0, 3000))}`
  },
})

const NOTES = ['', 'a', 'é', 'a,b', 'say "hi"', 'two\nlines', '\u{1F600}', 'x'.repeat(300), "'"]
const quoted = (text: string): string =>
  /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
const values = (r: Random, i: number): unknown[] => [
  r.chance(0.9) ? i : r.pick([-(2 ** 31), 2 ** 31 - 1]),
  r.chance(0.2) ? null : (r.below(1e6) / 100).toFixed(2),
  `20${10 + r.below(20)}-0${1 + r.below(9)}-1${r.below(10)}`,
  `2020-01-0${1 + r.below(9)}T0${r.below(10)}:00:00Z`,
  r.pick(NOTES),
  r.below(1000) / 8,
  r.chance(0.5),
]

const header = `${NAMES.join(',')}\n`
const rowsOf = <T>(rows: number, make: (i: number) => T): T[] =>
  Array.from({ length: rows }, (_, i) => make(i))

export const damagedCsv = fuzzOf({
  name: 'csv',
  async make(r, rows) {
    const line = (i: number): string =>
      `${values(r, i)
        .map(v => quoted(v === null ? '' : String(v)))
        .join(',')}${r.chance(0.1) ? '\r\n' : '\n'}`
    return Buffer.from(header + rowsOf(rows, line).join(''))
  },
  kept: () => header.length,
  source: path => csv(path, Row) as AnySource,
  count: bytes => csvRecords(bytes, header.length),
})

export const damagedNdjson = fuzzOf({
  name: 'ndjson',
  async make(r, rows) {
    const line = (i: number): string => {
      const v = values(r, i)
      return `${JSON.stringify(Object.fromEntries(NAMES.map((name, k) => [name, v[k]])))}\n`
    }
    return Buffer.from(rowsOf(rows, line).join(''))
  },
  // A first byte of another format, or a list's bracket, makes another file of it.
  kept: bytes => Math.min(3, bytes.length),
  source: path => ndjson(path, Row) as AnySource,
  count: jsonLines,
})

export const damagedParquet = fuzzOf({
  name: 'parquet',
  make: (r, rows) => parquetBytes(r, rows),
  kept: () => 4,
  source: path =>
    parquet(
      path,
      schema({
        id: t.int32,
        price: t.decimal(10, 2).nullable,
        note: t.utf8.nullable,
        f: t.float64,
      }),
    ) as AnySource,
  count: () => null,
})
