/**
 * `npm run test:faults -- [--seeds 100] [--from 1] [--case mongo]`: the fault matrix with as many seeds a
 * case as are asked for.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    case: { type: 'string', default: '' },
  },
})
const env = {
  ...process.env,
  MILLRACE_FAULT_SEEDS: values.seeds,
  MILLRACE_FAULT_FROM: values.from,
  MILLRACE_FAULT_CASE: values.case,
}
const test = join(import.meta.dirname, 'matrix.service-test.ts')
const { status } = spawnSync(process.execPath, [...process.execArgv, '--test', test], {
  stdio: 'inherit',
  env,
})
process.exitCode = status ?? 1
