/** Two reads of one source, in a whole run: read once, rejected once, and each collection has its rows. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { schema, t } from 'millrace'
import { csv } from 'millrace/io'
import { runRows } from '../../testing/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-shared-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const Row = schema({ id: t.int32, k: t.int32 })

test('a source that is read twice is read once', async () => {
  const path = join(folder, 'rows.csv')
  writeFileSync(
    path,
    `id,k\n${Array.from({ length: 500 }, (_, i) => `${i},${i % 9}`).join('\n')}\nx,1\n`,
  )
  const run = (optimize: boolean) =>
    runRows(
      p => {
        const [one, two] = [p.read(csv(path, Row)), p.read(csv(path, Row))]
        return {
          joined: one.where({ id: { lt: 3 } }).join(two, { on: 'k', prefix: 'other_' }),
          few: two.where({ k: 8 }),
          bad: one.rejects.select('line', 'column'),
          alsoBad: two.rejects.select('line', 'column'),
        }
      },
      { optimize },
    )
  const [once, twice] = [await run(true), await run(false)]
  assert.deepEqual(once.rows, twice.rows)
  assert.equal(once.rows.joined.length, 3 * 56)
  assert.deepEqual([once.report.rows.read, twice.report.rows.read], [501, 1002])
  assert.deepEqual([once.report.rows.rejected, twice.report.rows.rejected], [1, 2])
  assert.deepEqual(once.report.dropped, twice.report.dropped)
})
