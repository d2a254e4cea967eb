/** One object of 5 GB: cut into ranges that cover it, with a few requests whatever its size; its end is read alone. */
import assert from 'node:assert/strict'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { columnOf } from '../../../engine/data/batch.ts'
import { schema, t } from '../../../engine/data/schema.ts'
import { watching } from '../../../test/services/objects/watching.ts'
import { needs, serverOf } from '../../../test/services/services.ts'
import { csv } from '../csv/csv.ts'
import { closeS3Client } from './s3-client.ts'

const BYTES = 5e9
const SPLIT_BYTES = 16 << 20
const Row = schema({ id: t.int32 })

/** Nothing between its header and its last rows, so that it takes no place on the disk. */
function sparse(path: string): void {
  const end = '\n7\n8\n'
  const file = openSync(path, 'w')
  writeSync(file, 'id\n')
  writeSync(file, end, BYTES - end.length)
  closeSync(file)
}

test('an object of 5 GB is cut into ranges, and the last of them is read alone', async t => {
  if (!needs(t, 's3')) return
  const { uri, env, folder } = await serverOf('s3')
  let requests = 0
  const proxy = await watching(uri, () => ++requests > 0)
  Object.assign(process.env, env, { AWS_ENDPOINT_URL_S3: proxy })
  t.after(closeS3Client)
  mkdirSync(join(folder, 'large'))
  sparse(join(folder, 'large', 'all.csv'))
  const source = csv('s3://large/all.csv', Row)

  const { splits, inputs } = await source.plan({ splitBytes: SPLIT_BYTES })
  assert.deepEqual([inputs.length, inputs[0]?.bytes], [1, BYTES])
  assert.equal(splits.length, Math.ceil(BYTES / SPLIT_BYTES))
  assert.deepEqual([splits[0]?.start, splits.at(-1)?.end], [0, BYTES])
  for (const [i, { start, end }] of splits.entries())
    assert.ok(end > start && (i === 0 || start === splits[i - 1]?.end), `split ${i}`)
  assert.ok(requests <= 4, `${requests} requests when it is planned`)

  const reader = await source.open(splits.at(-1) as (typeof splits)[number], {
    wanted: [true],
    rowsPerBatch: 1000,
    reject: ({ reason }) => assert.fail(reason),
    advance: () => {},
  })
  const ids: number[] = []
  for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
    const { values } = columnOf(batch, 0)
    for (let row = 0; row < batch.rows; row++) ids.push(Number(values[row]))
  }
  await reader.close()
  assert.deepEqual(ids, [7, 8])
  assert.ok(requests <= 16, `${requests} requests in all`)
})
