/**
 * A shop that lives on, hour by hour, each of which is run by the `millrace` command in a process of its
 * own. After each, everything is looked at: tables, rejects, marks, claims, and what nobody should find.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HOUR, type Shop } from '../../../pipelines/storefront/generate/index.ts'
import type { LedgerState } from '../../../engine/io/ledger.ts'
import { LedgerFolder } from '../../../engine/run/ledger/folder.ts'
import { newestRuns } from '../../../engine/run/ledger/history.ts'
import { type Started, start } from '../../faults/command.ts'
import { envOf, type Servers, World } from './world.ts'

const RUNS_MAX = 1000

export class Life {
  readonly world: World
  /** The last hour that was written. */
  hour = -1
  /** What a failed audit left to be looked at. */
  kept: readonly string[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-life-'))

  private constructor(world: World) {
    this.world = world
    mkdirSync(join(this.#folder, 'scratch'))
  }

  /** Starts the servers; this process talks to them from now on. */
  static async start(shop: Shop): Promise<Life> {
    const world = await World.start(shop)
    Object.assign(process.env, world.env)
    return new Life(world)
  }

  /** The next hour is written; its number. */
  async next(): Promise<number> {
    await this.world.write(++this.hour)
    return this.hour
  }

  /** Begins the run of the hour that was written last. `through`: servers that are reached another way. */
  run(through: Partial<Servers> = {}): Started {
    const servers = { ...this.world.servers, ...through }
    const places = ['--ledger', this.#ledger, '--scratch', join(this.#folder, 'scratch')]
    const words = this.world.wordsFor(this.hour, servers.mongo, [...places, '--workers', '2'])
    return start(['run', ...words], envOf(servers))
  }

  /** Everything is as it must be once the hour is published. */
  async check(what: string): Promise<void> {
    const { world, hour } = this
    assert.deepEqual(await world.differences(hour), [], what)
    assert.match((await world.rejects(hour)) ?? '', new RegExp(`bad${hour}\\b`), what)
    assert.deepEqual(await this.leftovers(), [], what)
    assert.deepEqual(readdirSync(join(this.#folder, 'scratch')), [], `${what}: scratch is left`)
    await this.#checkLedger(what)
  }

  /** What nobody is to find, but for what is kept. */
  async leftovers(): Promise<string[]> {
    return (await this.world.leftovers()).filter(name => !this.kept.includes(name))
  }

  /** The marks stand at the hour's end, nothing is claimed, and the hour is published by one run. */
  async #checkLedger(what: string): Promise<void> {
    const { start: from, end } = this.interval
    const [series] = await this.#states('series/')
    assert.equal(series?.claim, null, `${what}: the series is claimed`)
    const times = Object.entries(series?.marks ?? {}).filter(([name]) => / by /.test(name))
    assert.deepEqual(
      times.map(([, mark]) => mark),
      [new Date(end).toISOString(), new Date(end).toISOString()],
      what,
    )
    const intervals = await this.#states('intervals/')
    assert.ok(
      intervals.every(i => i.claim === null),
      `${what}: an interval is claimed`,
    )
    const runs = await this.runs()
    const mine = runs.filter(r => r.record.interval?.start === from)
    assert.equal(mine.filter(r => r.status === 'published').length, 1, what)
    const open = runs.filter(r => r.status === 'running' || r.status === 'publishing')
    assert.deepEqual(open, [], what)
  }

  /** Of the hour that was written last. */
  get interval(): { start: number; end: number } {
    const from = this.world.shop.opened + this.hour * HOUR
    return { start: from, end: from + HOUR }
  }

  runs() {
    return newestRuns(new LedgerFolder(this.#ledger), { pipeline: null, limit: RUNS_MAX })
  }

  async stop(): Promise<void> {
    await this.world.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #ledger(): string {
    return join(this.#folder, 'ledger')
  }

  async #states(prefix: string): Promise<LedgerState[]> {
    const values = new LedgerFolder(this.#ledger)
    const names = (await Array.fromAsync(values.list(prefix))).flat()
    const kept = await Promise.all(names.map(name => values.get(name)))
    return kept.map(k => JSON.parse(Buffer.from(k?.bytes ?? []).toString()))
  }
}
