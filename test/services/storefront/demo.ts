/**
 * `npm run demo:cloud [-- HOURS [ORDERS]]`: the whole main line in one command. Starts MongoDB, S3, Cloud
 * Storage and BigQuery, lets a clothing shop live for some hours, runs the storefront pipeline after each,
 * and compares the warehouse with what the shop's generator knows it must be.
 *
 * With `--shop URI --files URI --warehouse URI --rejects URI`, as the pipeline has them, the shop lives
 * there instead, by whatever credentials the clients find; nothing is started, and nothing removed.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { run } from '../../../cli/run.ts'
import { count, table } from '../../../cli/units.ts'
import {
  answerAfter,
  HOUR,
  type Shop,
  shopOf,
} from '../../../pipelines/storefront/generate/index.ts'
import { Fault } from '../../../engine/fault.ts'
import { storeOf } from '../../../transforms/io/objects/store-of.ts'
import { isInstalled, type ServerName } from '../services.ts'
import { type Places, Shopkeeper } from './shopkeeper.ts'
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

const NAMES = ['shop', 'files', 'warehouse', 'rejects'] as const
const text = { type: 'string' } as const
const OPTIONS = { shop: text, files: text, warehouse: text, rejects: text }
type Given = { readonly [K in keyof Places]?: string | undefined }

interface Ground {
  readonly keeper: Shopkeeper
  stop(): Promise<void>
}

/** Servers of its own. Null where one could not be installed. */
async function ownGround(shop: Shop): Promise<Ground | null> {
  if (!installed()) return null
  const world = await World.start(shop)
  Object.assign(process.env, world.env)
  return { keeper: world, stop: () => world.stop() }
}

/** Places that are there already. Null where they are not all given, or hold something. */
async function givenGround(shop: Shop, given: Given): Promise<Ground | null> {
  const missing = NAMES.filter(name => !given[name]).map(name => `--${name}`)
  if (!process.env['MILLRACE_STAGING']) missing.push('MILLRACE_STAGING in the environment')
  if (missing.length > 0) {
    say(`give ${missing.join(' and ')} too: docs/cloud.md says how`)
    return null
  }
  const places = { ...(given as Places), files: (given.files as string).replace(/\/+$/, '') }
  const store = await storeOf(places.files)
  const keeper = new Shopkeeper(shop, places, (uri, csv) => store.put(uri, Buffer.from(csv)))
  const taken = await keeper.taken().catch(async error => {
    await keeper.close()
    throw error
  })
  for await (const [first] of store.list(`${places.files}/`)) {
    if (first) taken.push(`${places.files} has files`)
    break
  }
  for (const what of taken) say(`${what}: the shop opens anew, where nothing is yet`)
  if (taken.length === 0) await keeper.open()
  else await keeper.close()
  return taken.length === 0 ? { keeper, stop: () => keeper.close() } : null
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
  const [hours = 3, orders = 20_000] = positionals.map(Number)
  const shop = shopOf(orders)
  const given = Object.keys(values).length > 0
  const ground = await (given ? givenGround(shop, values) : ownGround(shop))
  if (ground === null) {
    process.exitCode = 1
    return
  }
  const ledger = mkdtempSync(join(tmpdir(), 'millrace-demo-'))
  try {
    for (let hour = 0; hour < hours && !process.exitCode; hour++)
      process.exitCode = await lived(ground.keeper, hour, ledger)
    if (!process.exitCode) await showAnswer(ground.keeper, hours - 1)
  } finally {
    await ground.stop()
    rmSync(ledger, { recursive: true, force: true })
  }
}

/** An hour of the shop, and its run. Answers an exit code. */
async function lived(keeper: Shopkeeper, hour: number, ledger: string): Promise<number> {
  const at = new Date(keeper.shop.opened + hour * HOUR).toISOString().slice(0, 13)
  const { documents, rows } = await keeper.write(hour)
  say(`\nhour ${at}: the shop wrote ${count(documents)} documents and ${count(rows)} CSV rows`)
  const words = keeper.words(hour, '--ledger', ledger)
  // An option a line.
  say(`$ millrace run ${words.join(' ').replaceAll(' --', ' \\\n    --')}\n`)
  const code = await run(words)
  if (code !== 0) return code
  const wrong = await keeper.differences(hour)
  for (const line of wrong) say(`NOT as the generator knows it: ${line}`)
  if (wrong.length === 0) say('\nall tables are as the generator knows they must be')
  return wrong.length === 0 ? 0 : 1
}

async function showAnswer(keeper: Shopkeeper, hour: number): Promise<void> {
  const rows = await keeper.query(
    'SELECT category, CAST(sum(revenue) AS STRING) AS revenue, CAST(sum(units) AS STRING) AS units FROM revenue_by_day_category GROUP BY category ORDER BY sum(revenue) DESC',
  )
  const shown = rows.map(r => [
    String(r['category']),
    Number(r['revenue']).toLocaleString('en-US', TWO_DIGITS),
    count(Number(r['units'])),
  ])
  const { orders, orderLines } = answerAfter(keeper.shop, hour)
  say(`\nrevenue by category, of ${count(orders)} orders with ${count(orderLines)} lines`)
  process.stdout.write(`${table(['category', 'revenue', 'units'], shown)}\n`)
}

await main().catch(error => {
  if (!(error instanceof Fault)) throw error
  say(error.render())
  process.exitCode = 1
})
