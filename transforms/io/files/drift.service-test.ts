/** Objects whose columns differ are widened, rejected and left out as files on disk are. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import { runPipeline } from '../../../engine/run/run.ts'
import type { AnySource } from '../../../engine/io/source.ts'
import { bucketOn } from '../../../test/services/bucket.ts'
import { needs } from '../../../test/services/services.ts'
import { pipeline } from '../../pipeline.ts'
import { csv } from '../csv/csv.ts'
import { parquet } from '../parquet/index.ts'
import { folderOf, readAll } from './testing/read-all.ts'

const Row = schema({ id: t.int32, name: t.utf8.nullable })
const Id = schema({ id: t.int32 })

for (const scheme of ['gs', 's3'] as const)
  test(`objects whose columns differ on ${scheme}`, async context => {
    if (!needs(context, scheme === 'gs' ? 'gcs' : 's3')) return
    const bucket = await bucketOn(scheme)
    const files: Record<string, string | Buffer> = {
      'a.csv': 'id,name\n1,x\n2,y\n',
      'b.csv': 'more,id\nq,3\nq,no\n',
      'c.csv': 'name,id\nz,4\n',
      'd.csv': 'name\nz\n',
      'e.csv': `id\n${Array.from({ length: 20_000 }, (_, i) => `${i}\n`).join('')}`,
    }
    const local = folderOf(files)
    context.after(() => local.remove())
    for (const name of ['p', 'q']) {
      const out = join(local.path, name)
      const build: Parameters<typeof pipeline>[0]['build'] = p =>
        name === 'p'
          ? void p.create(Row, [{ id: 1, name: 'x' }]).write(parquet(out))
          : void p.create(Id, [{ id: 2 }]).write(parquet(out))
      await runPipeline({ pipeline: pipeline({ name, build }), params: {} })
      files[`${name}.parquet`] = readFileSync(join(out, 'part-00000.parquet'))
    }
    const both = folderOf(files)
    context.after(() => both.remove())
    for (const [name, bytes] of Object.entries(files))
      await bucket.put(`d/${name}`, Buffer.from(bytes))

    for (const drift of ['widen', 'reject'] as const) {
      const read = async (of: (root: string) => AnySource, root: string) => {
        const { rows, rejects } = await readAll(of(root), { splitBytes: 30_000 })
        return { rows, rejects: rejects.map(r => ({ ...r, uri: r.uri?.slice(root.length) })) }
      }
      const sources: ((root: string) => AnySource)[] = [
        root => csv(`${root}/*.csv`, Row, { drift, onFile: 'quarantine' }),
        root => parquet(`${root}/*.parquet`, Row, { drift }),
      ]
      for (const of of sources) {
        const expected = await read(of, both.path)
        assert.ok(expected.rows.length > 0)
        assert.deepEqual(await read(of, `${bucket.uri}/d`), expected)
      }
    }
  })
