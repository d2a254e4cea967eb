/**
 * Random rows of random schemas, written by a sink and read back by its source: the same rows, in the
 * same order, whatever the compression, the sizes of batches, splits and files, and the folders.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'millrace'
import { csv, ndjson, parquet } from 'millrace/io'
import { isNested } from '../../engine/data/kind.ts'
import type { AnySchema } from '../../engine/data/schema.ts'
import { t } from '../../engine/data/schema.ts'
import { faultFromJson } from '../../engine/fault.ts'
import type { AnySource } from '../../engine/io/source.ts'
import type { Row } from '../../engine/plan/node.ts'
import { type RunOptions, runPipeline } from '../../engine/run/run.ts'
import { collectSink } from '../../testing/collect.ts'
import { type Answer, answered, compare } from '../conformance/answers.ts'
import type { Fuzz } from './campaign.ts'
import type { Any } from './flow.ts'
import { type Random, randomOf, randomTable, type Table } from './random.ts'
import { rowsSource } from './rows-source.ts'

/** With a schema a source, without one a sink. */
type Format = (uri: string, ...more: unknown[]) => unknown
const FORMATS: Readonly<Record<'csv' | 'ndjson' | 'parquet', Format>> = {
  csv: csv as Format,
  ndjson: ndjson as Format,
  parquet: parquet as Format,
}

interface Trip {
  readonly format: keyof typeof FORMATS
  readonly table: Table
  readonly sink: Readonly<Record<string, unknown>>
  readonly write: Omit<RunOptions, 'pipeline'>
  readonly read: Omit<RunOptions, 'pipeline'>
}

function tripOf(seed: number): Trip {
  const r = randomOf(seed)
  const format = r.pick(['csv', 'ndjson', 'parquet'] as const)
  const table = randomTable(r, 'c', r.pick([t.int32, t.utf8]), r.pick([0, 1, 7, 300, 3000]))
  const text = format !== 'parquet'
  const folder = r.chance(0.3) ? [r.pick(table.schema.list).name] : []
  // A file without columns holds no rows.
  const partitionBy = table.schema.list.length > 1 && isNaming(table, folder) ? folder : []
  return {
    format,
    table,
    sink: {
      ...(text ? { compression: r.pick(['none', 'gzip', 'zstd']) } : {}),
      ...(r.chance(0.3) ? { rowsPerFile: 1 + r.below(500) } : {}),
      partitionBy,
    },
    write: settings(r),
    read: { ...settings(r), maxRejects: 0 },
  }
}

/** A folder a row: more of them take long. */
const FOLDERED_MAX = 300

/** Folders are compared by value: a NaN or an infinity has no text that all kinds of reader take. */
const isNaming = ({ schema, rows }: Table, [name]: readonly string[]): boolean =>
  name !== undefined &&
  rows.length <= FOLDERED_MAX &&
  !isNested(schema.fields[name]) &&
  rows.every(row => typeof row[name] !== 'number' || Number.isFinite(row[name]))

const settings = (r: Random): Omit<RunOptions, 'pipeline'> => ({
  rowsPerBatch: r.pick([1, 7, 64, 1000, 16_384]),
  splitBytes: r.pick([64, 1000, 50_000, 1 << 24]),
  operatorBytes: r.pick([1 << 30, 8 << 10]),
  arenaBytes: r.pick([64 << 20, 1]),
})

async function check(seed: number): Promise<string> {
  const { format, table, sink, write, read } = tripOf(seed)
  const folder = mkdtempSync(join(tmpdir(), 'millrace-trip-'))
  const files = join(folder, 'files')
  try {
    const writing = pipeline({
      name: 'write',
      params: {},
      build(p) {
        const rows = p.read(rowsSource('c', table, 700)) as Any
        rows.write(FORMATS[format](files, sink) as never)
      },
    })
    const { error } = await runPipeline({ ...write, pipeline: writing, scratch: folder })
    if (error) throw faultFromJson(error)
    const expected: Answer = new Map([['rows', { schema: table.schema, rows: table.rows }]])
    const { answer, report } = await answered(expected, {
      ...read,
      pipeline: readingOf(format, files, table.schema),
      params: {},
    })
    assert.deepEqual(
      report.rejects.map(x => x.samples),
      [],
    )
    const partitioned = (sink['partitionBy'] as string[]).length > 0
    compare(answer, expected, () => !partitioned)
    return format
  } catch (error) {
    // Partitions by a text without rows, or too long for a name, are refused as they should be.
    if (/makes a folder's name of/.test(String(error))) return 'too long a name'
    if (/would be read as an empty text/.test(String(error))) return 'null of a single text'
    if (table.rows.length === 0 && /no file matches/.test(String(error))) return 'no folder'
    throw error
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readingOf(format: keyof typeof FORMATS, files: string, schema: AnySchema) {
  return pipeline({
    name: 'read',
    params: { out: { type: 'text', fallback: '', values: null } as never },
    build(p, { out }) {
      const rows = p.read(FORMATS[format](files, schema) as AnySource) as Any
      rows.write(collectSink(`${out}/rows`) as never)
    },
  })
}

export const roundTrips: Fuzz = {
  name: 'round-trips',
  check,
  async describe(seed) {
    const { format, table, sink, write, read } = tripOf(seed)
    const shown = table.rows
      .slice(0, 3)
      .map((row: Row) => Object.values(row).map(String).join(' | '))
    return [
      `${format} ${JSON.stringify(sink)} of ${table.rows.length} rows of ${table.schema.list.map(f => f.kind.name).join(' ')}`,
      `written with ${JSON.stringify(write)}, read with ${JSON.stringify(read)}`,
      ...shown,
    ].join('\n')
  },
}
