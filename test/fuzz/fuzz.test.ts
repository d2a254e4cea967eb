/**
 * Random cases, seeded, about a minute of them: pipelines against the interpreter and DuckDB, rows
 * through files and back, files whose bytes are damaged. A failure prints the command that repeats it;
 * `run.ts` beside this looks for longer.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { campaign, summaryOf } from './campaign.ts'
import { FUZZES, SECONDS_OF } from './fuzzes.ts'

const { FUZZ_FROM = '1' } = process.env

for (const fuzz of FUZZES)
  test(fuzz.name, async t => {
    const seconds = SECONDS_OF[fuzz.name] ?? 1
    const found = await campaign(fuzz, { seed: Number(FUZZ_FROM), seconds })
    t.diagnostic(summaryOf(found))
    assert.equal(found.failed.join('\n\n'), '')
    assert.ok(found.runs > 5)
  })
