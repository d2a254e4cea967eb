/**
 * The state of a series or an interval as one run sees it: read, and changed by compare-and-set. A run
 * that holds the claim is the only one to change it, so a state that is no longer as this run left it
 * means that the claim was taken over.
 */
import { Fault } from '../../fault.ts'
import type { Claim, KeyValues, LedgerState } from '../../io/ledger.ts'
import { randomName } from '../random-name.ts'

const EMPTY: LedgerState = { format: 1, nonce: '', marks: {}, published: null, claim: null }

export class StateCell {
  readonly name: string
  readonly #values: KeyValues
  #state: LedgerState = EMPTY
  #version: string | null = null
  /** Of the last write that was tried, whether it was answered or not. */
  #tried = ''
  /** What stands is another process's, which this one must not change for having seen it. */
  #overtaken = false
  /** Changes of one cell wait for one another: a renewal and a step of the run. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(values: KeyValues, name: string) {
    this.#values = values
    this.name = name
  }

  /** As it was last read or written. */
  get state(): LedgerState {
    return this.#state
  }

  get claim(): Claim | null {
    return this.#state.claim
  }

  get version(): string | null {
    return this.#version
  }

  read(): Promise<LedgerState> {
    this.#overtaken = false
    return this.#read()
  }

  async #read(): Promise<LedgerState> {
    const kept = await this.#values.get(this.name)
    this.#version = kept?.version ?? null
    this.#state = kept === null ? EMPTY : parsed(kept.bytes, this.name, this.#values)
    return this.#state
  }

  /** False, and false from then on: another process changed it since `read` was called. */
  change(to: (state: LedgerState) => Partial<LedgerState>): Promise<boolean> {
    const changed = this.#last.then(() => this.#change(to))
    this.#last = changed.catch(() => {})
    return changed
  }

  async #change(to: (state: LedgerState) => Partial<LedgerState>): Promise<boolean> {
    for (let again = false; !this.#overtaken; again = true) {
      const next = { ...this.#state, ...to(this.#state), nonce: randomName() }
      const unanswered = this.#tried
      this.#tried = next.nonce
      const bytes = Buffer.from(`${JSON.stringify(next)}\n`)
      const version = await this.#values.swap(this.name, bytes, this.#version)
      if (version !== null) {
        this.#version = version
        this.#state = next
        return true
      }
      const { nonce } = await this.#read()
      if (nonce === next.nonce) return true
      // What stands is this run's own: it was written where its writing was taken to have failed.
      this.#overtaken = again || nonce !== unanswered
    }
    return false
  }
}

/** Throws data: it is none that this version wrote. */
export function parsed<T extends { readonly format: 1 }>(
  bytes: Uint8Array,
  name: string,
  { uri }: KeyValues,
): T {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as T
    if (value?.format === 1) return value
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new Fault(
    'data',
    `${name} in the run ledger ${uri} is not one of this version of Millrace`,
    {
      detail: [`${bytes.length} bytes`],
      hint: 'restore it from a copy, or give another place with --ledger; nothing was published',
    },
  )
}
