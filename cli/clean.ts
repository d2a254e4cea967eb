/**
 * `millrace clean URI`: what dead runs left in an output, or in all outputs of a folder: objects that were
 * sent and never shown, uploads that were not completed, marks. Outputs of runs at work are left alone.
 */
import { existsSync } from 'node:fs'
import { redactUri } from '../engine/fault.ts'
import type { LeftBehind, LeftoverSearch } from '../engine/io/leftover.ts'
import { lives } from '../engine/run/checkpoint/owner.ts'
import { leftBehindAt } from '../engine/run/left-behind.ts'
import { isObjectUri } from '../transforms/io/objects/uri.ts'
import { pathOf } from '../transforms/io/files/list.ts'
import { readArguments, refuseOthers, UsageError } from './arguments.ts'
import { age, bytes, count, table } from './units.ts'

const OPTIONS = { 'older-than': 'wait', yes: 'flag' } as const
const DAY_SECONDS = 86_400
/** What is shown, and removed, together. */
const PAGE = 500
/** Removed at once. */
const PARALLEL = 32

export async function clean(argv: readonly string[]): Promise<number> {
  const given = readArguments(argv, OPTIONS)
  refuseOthers(given, OPTIONS)
  const [uri, ...more] = given.positional
  if (uri === undefined || more.length > 0)
    throw new UsageError('clean takes one folder: gs://bucket/folder, s3://bucket/folder or a path')
  refuseSystems(uri)
  const olderSeconds = (given.options.get('older-than') as number | undefined) ?? DAY_SECONDS
  const yes = given.options.has('yes')
  const search: LeftoverSearch = {
    before: Date.now() - olderSeconds * 1000,
    isAlive: lives,
    busy: where => print(`${redactUri(where)}: a run is at work there, it is left alone`),
  }
  const [found, size] = await cleaned(leftIn(uri, search), yes)
  print(summary({ uri, found, size, yes }))
  return 0
}

/** Throws UsageError: it is no folder, but of another system. */
function refuseSystems(uri: string): void {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(uri)?.[1]?.toLowerCase()
  if (scheme === undefined || scheme === 'file' || isObjectUri(uri)) return
  const bigquery =
    "; BigQuery's staging tables go by themselves, its shards lie under MILLRACE_STAGING"
  throw new UsageError(
    `clean takes one folder: gs://bucket/folder, s3://bucket/folder or a path, not ${redactUri(uri)}${scheme === 'bigquery' ? bigquery : ''}`,
  )
}

async function* leftIn(uri: string, search: LeftoverSearch): AsyncGenerator<LeftBehind> {
  if (!isObjectUri(uri)) return yield* leftBehindAt(pathOf(uri), search)
  const { leftBehindIn } = await import('../transforms/io/objects/left-behind.ts')
  yield* leftBehindIn(uri, search)
}

/** Page by page: there may be very many. */
async function cleaned(
  all: AsyncIterable<LeftBehind>,
  yes: boolean,
): Promise<[found: number, bytes: number]> {
  let [found, size] = [0, 0]
  let page: LeftBehind[] = []
  const done = async () => {
    if (page.length === 0) return
    print(shown(page))
    if (yes) await removed(page)
    page = []
  }
  for await (const left of all) {
    page.push(left)
    found++
    size += left.bytes
    if (page.length === PAGE) await done()
  }
  await done()
  return [found, size]
}

/** What cannot be removed does not keep the rest. Throws the first failure, at the end. */
async function removed(page: readonly LeftBehind[]): Promise<void> {
  const failures: unknown[] = []
  let next = 0
  const lane = async () => {
    while (next < page.length)
      await page[next++]?.remove().catch(error => void failures.push(error))
  }
  await Promise.all(Array.from({ length: PARALLEL }, lane))
  if (failures.length > 0) throw failures[0]
}

function shown(page: readonly LeftBehind[]): string {
  const now = Date.now()
  const rows = page.map(({ what, where, bytes: size, begun }) => [
    what,
    size === 0 ? '' : bytes(size),
    age((now - begun) / 1000),
    redactUri(where),
  ])
  return table(['what', 'size', 'age', 'where'], rows)
}

function summary(o: { uri: string; found: number; size: number; yes: boolean }): string {
  if (o.found === 0) {
    const there = isObjectUri(o.uri) || existsSync(pathOf(o.uri))
    const nothing = there
      ? 'dead runs left nothing'
      : 'nothing is there, nor did dead runs leave anything'
    return `${redactUri(o.uri)}: ${nothing}`
  }
  const leftovers = `${count(o.found)} leftover${o.found === 1 ? '' : 's'}, ${bytes(o.size)}`
  return o.yes ? `${leftovers}: removed` : `${leftovers}; nothing was removed: add --yes`
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)
