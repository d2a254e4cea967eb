/**
 * A whole run within `--memory 512MB` while fifty uploads wait for a slow store: the resident memory of
 * its process at the peak. It is what the test beside the object stores holds; its figures are shown.
 */
import { join } from 'node:path'
import { type Comparison, type Finding, timed } from './comparison.ts'

const TEST = 'test/services/objects/memory.service-test.ts'
const ROOT = join(import.meta.dirname, '../..')
/** What `--memory` says, Node itself and its threads included. */
const BYTES_MAX = 512 * 2 ** 20
const TOLD = /(gcs|s3): fifty uploads[\s\S]*?peak (\d+) MB, (\d+) requests held at once/g

export const memory: Comparison = {
  servers: ['gcs', 's3'],
  async run() {
    const options = ['--conditions=millrace-source', '--test', '--test-reporter=tap']
    const { out } = await timed([...options, join(ROOT, TEST)])
    const findings = [...out.matchAll(TOLD)].map(([, kind, peak, held]): Finding => {
      const what = `a run to ${kind} with ${held} uploads under way, peak MB`
      return {
        what,
        ours: `${peak} MB`,
        theirs: '',
        figure: Number(peak),
        aim: { most: Math.round(BYTES_MAX / 1e6) },
      }
    })
    if (findings.length !== 2) throw new Error(`${TEST} did not tell its figures:\n${out}`)
    return { findings, notes: [] }
  },
}
