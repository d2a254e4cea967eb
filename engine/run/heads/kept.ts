/**
 * State that a head fills for one partition after another: its room is kept for the thread's next task
 * of the same head, where it is little. Rows that grow anew for each partition are arrays of some 20 MB
 * each, and collecting what a run has left of them took a twelfth of its time.
 */

/** What a thread keeps at most; also no more than a quarter of a task's memory. */
const BYTES_MAX = 32 << 20
const SHARE_MAX = 1 / 4

export interface Renewable {
  readonly heldBytes: number
  /** Forgets all that was put in, and nothing else: it is as new, with more room. */
  renew(): void
}

let kept: { readonly owner: object; readonly state: Renewable } | null = null

/** What the owner gave last, as new; else what `make` answers. What others gave is dropped. */
export function takeKept<T extends Renewable>(owner: object, make: () => T): T {
  const own = kept?.owner === owner ? (kept.state as T) : null
  kept = null
  own?.renew()
  return own ?? make()
}

/** Gives state that `takeKept` answered, once nobody reads it any more. */
export function giveKept(owner: object, state: Renewable, memoryBytes: number): void {
  if (state.heldBytes <= Math.min(BYTES_MAX, memoryBytes * SHARE_MAX)) kept = { owner, state }
}
