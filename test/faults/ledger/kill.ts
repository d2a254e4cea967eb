/**
 * Kills a backfill at a drawn moment and runs the same command again: every row is there once. Moments
 * are counted in writes to the ledger, which lie around publication, with a little time after them.
 * `node --conditions=millrace-source test/faults/ledger/kill.ts FIRST LAST FOLDER` runs many seeds.
 */
import assert from 'node:assert/strict'
import { watch } from 'node:fs'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { randomOf } from '../../fuzz/random.ts'
import { command, start } from '../command.ts'
import { checkWhole, type Place, placeAt, words } from './place.ts'

const HOURS = 3
/** About as many as an undisturbed backfill makes files in the ledger. */
const WRITES = 10 * HOURS
const KILLS_MAX = 3

export interface Told {
  /** After how many writes each run was killed; the last one was not. */
  readonly kills: readonly number[]
}

/** Throws where a row is lost or doubled, or something is left. */
export async function killSeed(folder: string, seed: number): Promise<Told> {
  const random = randomOf(seed)
  const place = placeAt(join(folder, `seed-${seed}`), HOURS)
  const kills: number[] = []
  const many = 1 + random.below(KILLS_MAX)
  for (let i = 0; i < many; i++) {
    const at = 1 + random.below(WRITES)
    const after = random.below(3) === 0 ? random.below(60) : 0
    if (await killed(place, { at, after })) kills.push(at)
  }
  const { code, err } = await command(...words(place, null))
  assert.equal(code, 0, err)
  await checkWhole(place)
  return { kills }
}

/** `one`: which interval; all of them by default. False: it ended before. */
export async function killed(
  place: Place,
  o: { at: number; after: number; one?: number },
): Promise<boolean> {
  const making = join(place.folder, 'ledger', 'making')
  mkdirSync(making, { recursive: true, mode: 0o700 })
  let writes = 0
  let reach = (): void => {}
  const reached = new Promise<void>(resolve => {
    reach = resolve
  })
  // A value comes and goes there: two events.
  const watcher = watch(making, event => {
    if (event === 'rename' && ++writes === 2 * o.at) reach()
  })
  const { child, ended } = start(words(place, o.one ?? null))
  await Promise.race([reached, ended])
  if (o.after > 0) await sleep(o.after)
  try {
    process.kill(-(child.pid as number), 'SIGKILL')
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
  const { code } = await ended
  watcher.close()
  return code !== 0
}

if (import.meta.main) {
  const [first = '1', last = first, folder = ''] = process.argv.slice(2)
  assert.notEqual(folder, '', 'kill.ts FIRST LAST FOLDER')
  for (let seed = Number(first); seed <= Number(last); seed++) {
    const { kills } = await killSeed(folder, seed)
    process.stdout.write(`seed ${seed}: killed after ${kills.join(', ') || 'no'} writes\n`)
  }
}
