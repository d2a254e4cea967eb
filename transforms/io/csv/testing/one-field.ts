/** For tests: each text alone in a field of a CSV file, as a column of one kind. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import type { Kind } from '../../../../engine/data/kind.ts'
import { schemaOf, t } from '../../../../engine/data/schema.ts'
import { folderOf, readAll } from '../../files/testing/read-all.ts'
import type { CsvSource } from '../options.ts'
import { CsvFiles } from '../source.ts'

const folder = folderOf({})
after(() => folder.remove())
export const file = join(folder.path, 'v.csv')

export type Options = CsvSource<Record<string, Kind>>

/** Each text alone in the second field of its row. */
export async function read(kind: Kind, texts: readonly (string | Buffer)[], options: Options = {}) {
  const rows = texts.map(text =>
    Buffer.concat([Buffer.from('r,'), Buffer.from(text as string), Buffer.from('\n')]),
  )
  writeFileSync(file, Buffer.concat([Buffer.from('id,v\n'), ...rows]))
  const schema = schemaOf([
    { name: 'id', kind: t.utf8 },
    { name: 'v', kind },
  ])
  return readAll(new CsvFiles(file, schema, options), { rowsPerBatch: 3 })
}

export async function values(
  kind: Kind,
  texts: readonly (string | Buffer)[],
  options?: Options,
): Promise<unknown[]> {
  const { rows, rejects } = await read(kind, texts, options)
  assert.deepEqual(rejects, [])
  return rows.map(r => r.v)
}

export async function reasons(
  kind: Kind,
  texts: readonly (string | Buffer)[],
  options?: Options,
): Promise<string[]> {
  const { rows, rejects } = await read(kind, texts, options)
  assert.deepEqual(rows, [])
  return rejects.map(r => {
    assert.equal(r.column, 'v')
    return r.reason
  })
}

export const ms = (iso: string): number => Date.parse(iso)
