/**
 * `npm run demo:cloud [-- HOURS [ORDERS]]`: the whole main line in one command. Starts MongoDB, S3, Cloud
 * Storage and BigQuery, lets a clothing shop live for some hours, runs the storefront pipeline after each,
 * and compares the warehouse with what the shop's generator knows it must be.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../../cli/run.ts'
import { count, table } from '../../../cli/units.ts'
import { answerAfter, HOUR, shopOf } from '../../../pipelines/storefront/generate/index.ts'
import { isInstalled, type ServerName } from '../services.ts'
import { World } from './world.ts'

const NEEDED: readonly ServerName[] = ['gcs', 'bigquery', 's3', 'mongo']
const TWO_DIGITS = { minimumFractionDigits: 2, maximumFractionDigits: 2 }
const say = (text: string): void => void process.stderr.write(`${text}\n`)

/** Installs the servers that are missing. False where one could not be. */
function installed(): boolean {
  const missing = () => NEEDED.filter(name => !isInstalled(name))
  if (missing().length > 0) {
    say(`installing ${missing().join(', ')}: some minutes, once`)
    const script = join(import.meta.dirname, '../install.sh')
    spawnSync('bash', [script, ...missing()], { stdio: 'inherit' })
  }
  for (const name of missing()) say(`${name} could not be installed: the demo needs it`)
  return missing().length === 0
}

async function main(): Promise<void> {
  const [hours = 3, orders = 20_000] = process.argv.slice(2).map(Number)
  if (!installed()) {
    process.exitCode = 1
    return
  }
  const ledger = mkdtempSync(join(tmpdir(), 'millrace-demo-'))
  const world = await World.start(shopOf(orders))
  Object.assign(process.env, world.env)
  try {
    for (let hour = 0; hour < hours && !process.exitCode; hour++)
      process.exitCode = await lived(world, hour, ledger)
    if (!process.exitCode) await showAnswer(world, hours - 1)
  } finally {
    await world.stop()
    rmSync(ledger, { recursive: true, force: true })
  }
}

/** An hour of the shop, and its run. Answers an exit code. */
async function lived(world: World, hour: number, ledger: string): Promise<number> {
  const at = new Date(world.shop.opened + hour * HOUR).toISOString().slice(0, 13)
  const { documents, rows } = await world.write(hour)
  say(`\nhour ${at}: the shop wrote ${count(documents)} documents and ${count(rows)} CSV rows`)
  const words = world.words(hour, '--ledger', ledger)
  // An option a line.
  say(`$ millrace run ${words.join(' ').replaceAll(' --', ' \\\n    --')}\n`)
  const code = await run(words)
  if (code !== 0) return code
  const wrong = await world.differences(hour)
  for (const line of wrong) say(`NOT as the generator knows it: ${line}`)
  if (wrong.length === 0) say('\nall tables are as the generator knows they must be')
  return wrong.length === 0 ? 0 : 1
}

async function showAnswer(world: World, hour: number): Promise<void> {
  const rows = await world.query(
    'SELECT category, CAST(sum(revenue) AS STRING) AS revenue, CAST(sum(units) AS STRING) AS units FROM revenue_by_day_category GROUP BY category ORDER BY sum(revenue) DESC',
  )
  const shown = rows.map(r => [
    String(r['category']),
    Number(r['revenue']).toLocaleString('en-US', TWO_DIGITS),
    count(Number(r['units'])),
  ])
  const { orders, orderLines } = answerAfter(world.shop, hour)
  say(`\nrevenue by category, of ${count(orders)} orders with ${count(orderLines)} lines`)
  process.stdout.write(`${table(['category', 'revenue', 'units'], shown)}\n`)
}

await main()
