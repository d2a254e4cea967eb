/**
 * `npm run test:services [GLOB …]`: installs the servers that are missing, runs the tests that need
 * servers, and says by name which servers were not to be had. Under CI a missing one is a failure.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { isInstalled, NAMES } from './home.ts'

const ALL = '{engine,transforms,cli,pipelines,test,bench}/**/*.service-test.ts'
const missing = () => NAMES.filter(name => !isInstalled(name))

if (missing().length > 0)
  spawnSync('bash', [join(import.meta.dirname, 'install.sh'), ...missing()], { stdio: 'inherit' })
const skipped = missing()
const given = process.argv.slice(2)
const options = ['--test', '--test-concurrency=2', '--test-timeout=600000']
const tests = [...process.execArgv, ...options, ...(given.length > 0 ? given : [ALL])]
const { status } = spawnSync(process.execPath, tests, { stdio: 'inherit' })
if (skipped.length > 0)
  console.log(`\nskipped, because these servers could not be installed: ${skipped.join(', ')}`)
process.exitCode = skipped.length > 0 && process.env['CI'] === 'true' ? 1 : (status ?? 1)
