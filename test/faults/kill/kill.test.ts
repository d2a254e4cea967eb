/** A few seeds of the kill harness; `run.ts` runs many. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { workFolder } from '../command.ts'
import { harnessAt } from './harness.ts'

/** One that resumes and one that runs again, of early moments and of late ones. */
const SEEDS = [2, 3, 4, 9]

describe('kill -9', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  const harness = harnessAt(workFolder('kill'), 12_000)
  before(() => harness.prepare())
  for (const seed of SEEDS)
    test(`seed ${seed}: nothing partial is seen, and the next run gives the same`, async () => {
      const { seen } = await harness.seed(seed)
      assert.ok(seen)
    })
})
