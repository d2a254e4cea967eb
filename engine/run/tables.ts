/** Tables that a run loads: staged and audited first, then published together. */
import { join } from 'node:path'
import { Fault } from '../fault.ts'
import type { Node, Plan } from '../plan/node.ts'
import type { RunSettings } from './protocol.ts'

export interface LoadedTable {
  readonly node: Node<'write'>
  readonly files: readonly string[]
  readonly rows: number
}

export class Tables {
  readonly #plan: Plan
  readonly #settings: RunSettings
  constructor(plan: Plan, settings: RunSettings) {
    this.#plan = plan
    this.#settings = settings
  }
  async check(): Promise<void> {}
  async load(tables: readonly LoadedTable[]): Promise<void> {
    if (tables.length > 0) throw new Fault('engine', `no warehouse yet ${join(this.#plan.name, this.#settings.runId)}`)
  }
  async publish(): Promise<void> {}
  async abandon(): Promise<void> {}
  async close(): Promise<void> {}
}
