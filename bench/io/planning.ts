/** Planning the load jobs of 10,000 shards for BigQuery: files of real size on disk are looked at, no server is asked. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { t } from '../../engine/data/schema.ts'
import { placeOf } from '../../transforms/io/bigquery/place.ts'
import { planShards } from '../../transforms/io/bigquery/shards.ts'
import { defaults } from '../../transforms/io/bigquery/testing/sample.ts'
import { type Comparison, median, secondsText } from './comparison.ts'

const SHARDS = 10_000
const SECONDS_MAX = 2

export const planning: Comparison = {
  servers: [],
  async run({ rounds }) {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-io-'))
    try {
      const files = Array.from({ length: SHARDS }, (_, i) => join(folder, `${i}.parquet`))
      for (const file of files) writeFileSync(file, 'PAR1')
      const seconds: number[] = []
      for (let round = 0; round < rounds; round++) {
        const columns = [{ name: 'id', kind: t.int32 }]
        const load = { id: `${round}`.padStart(64, 'x'), table: 'sales', columns, files }
        const started = performance.now()
        const { uris, chunks } = await planShards(
          { ...load, rows: SHARDS, options: defaults, at: 'bench' },
          placeOf('gs://bucket/a/b/'),
        )
        seconds.push((performance.now() - started) / 1000)
        assert.equal(new Set(uris).size, SHARDS)
        assert.deepEqual(
          chunks.map(({ from, to }) => [from, to]),
          [[0, SHARDS]],
        )
      }
      const what = `planning ${SHARDS.toLocaleString('en')} shards for BigQuery, seconds`
      const ours = secondsText(seconds)
      const aim = { most: SECONDS_MAX }
      return { findings: [{ what, ours, theirs: '', figure: median(seconds), aim }], notes: [] }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
