/**
 * Which requests get which fault: drawn from the seed, the request's own words and how often it came, not
 * from the order in which parallel requests arrive, so that a seed repeats. What was done is kept, so
 * that a failing seed can be read. Faults are few, and few in a row for one request: every run ends.
 */
export const KINDS = [
  /** A part of the request's body goes through, then the connection is reset. */
  'reset-request',
  /** A part of the answer's body comes, then the connection is reset. */
  'reset-answer',
  /** A part of the answer's body comes, then the connection ends in good order. */
  'truncated',
  /** The service did what was asked; its answer never arrives, the connection is reset. */
  'answer-lost',
  /** Silence for `stallMs`, before the request is forwarded or within its answer; then a reset. */
  'stall',
  /** Both bodies come late, by `slowMs` in all. */
  'slow',
  /** The service gets the request twice, one after the other; the client gets the first or the last answer. */
  'duplicated',
  /** Not forwarded: too many requests, sometimes with Retry-After. */
  '429',
  /** Not forwarded: an internal error. */
  '500',
  /** Not forwarded: unavailable, with Retry-After. */
  '503',
  /** One byte of the answer is another. Only where asked for: without a checksum nobody can notice. */
  'corrupted',
  /** The answer is cut and its length says so, as a bad cache does. Only where asked for. */
  'shortened',
] as const
export type FaultKind = (typeof KINDS)[number]

export const TCP_KINDS: readonly FaultKind[] = [
  'reset-request',
  'reset-answer',
  'truncated',
  'answer-lost',
  'stall',
  'slow',
]
const ASKED_FOR: readonly FaultKind[] = ['corrupted', 'shortened']
export const HTTP_KINDS: readonly FaultKind[] = KINDS.filter(kind => !ASKED_FOR.includes(kind))

/** `K`: the kinds of the proxy's protocol. */
export interface FaultOptions<K extends string = FaultKind> {
  readonly seed: number
  /** Which kinds to draw from. All that the protocol has, but 'corrupted' and 'shortened', where absent. */
  readonly kinds?: readonly K[]
  /** Share of the requests that get one. 0.25 where absent. */
  readonly rate?: number
  /** Faults in all. 8 where absent. */
  readonly faultsMax?: number
  /** Faults one after the other for the same request. 2 where absent. */
  readonly inARowMax?: number
  /** How long a stall lasts. 1,000 where absent. */
  readonly stallMs?: number
  /** By how much a slow answer is late. 300 where absent. */
  readonly slowMs?: number
  /** What Retry-After asks for, whole seconds. 1 where absent. */
  readonly retryAfterS?: number
  /** Which requests may get one, by their words: `GET /b/o?alt=media`, `find`, `query COMMIT`. */
  readonly where?: (what: string) => boolean
}

export interface Fault<K extends string = FaultKind> {
  readonly kind: K
  readonly what: string
  /** The how-many-th such request. From 0. */
  readonly nth: number
  /** Where in a body it happens, or another choice of its kind: in [0, 1). */
  readonly fraction: number
}

export interface Schedule<K extends string = FaultKind> {
  /** Whether faults are injected at all: may be turned off and on, for set-up and checks. */
  on: boolean
  /** What was injected, in order. */
  readonly injected: readonly Fault<K>[]
  /** Requests that came, with a fault or without. */
  readonly requests: number
  /** The fault for a request, or null. `possible` narrows the kinds. */
  next(what: string, possible?: (kind: K) => boolean): Fault<K> | null
  /** A line a fault: for the message of a failing test. */
  toString(): string
}

/** A number in [0, 1) that depends on the texts and numbers alone (FNV-1a, then murmur3's finish). */
export function drawn(...from: readonly (string | number)[]): number {
  let hash = 0x811c9dc5
  for (const char of from.join('\0'))
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

export function scheduleOf<K extends string = FaultKind>(
  options: FaultOptions<K>,
  protocol: readonly K[],
): Schedule<K> {
  const { seed, kinds = protocol, rate = 0.25, faultsMax = 8, inARowMax = 2, where } = options
  const came = new Map<string, number>()
  const inARow = new Map<string, number>()
  const injected: Fault<K>[] = []
  let requests = 0
  const next: Schedule<K>['next'] = (what, possible = () => true) => {
    requests++
    if (!schedule.on || where?.(what) === false) return null
    const nth = came.get(what) ?? 0
    came.set(what, nth + 1)
    const choice = kinds.filter(possible)
    const row = inARow.get(what) ?? 0
    const full = injected.length >= faultsMax || row >= inARowMax || choice.length === 0
    if (full || drawn(seed, what, nth, 'rate') >= rate) {
      inARow.delete(what)
      return null
    }
    const kind = choice[Math.floor(drawn(seed, what, nth, 'kind') * choice.length)]!
    const fault = { kind, what, nth, fraction: drawn(seed, what, nth, 'fraction') }
    if (kind !== 'slow') inARow.set(what, row + 1)
    injected.push(fault)
    return fault
  }
  const schedule = {
    on: true,
    injected,
    get requests() {
      return requests
    },
    next,
    toString: () => shown(seed, injected),
  }
  return schedule
}

function shown(seed: number, injected: readonly Fault<string>[]): string {
  const lines = injected.map(
    ({ kind, what, nth, fraction }) => `  ${kind} at ${fraction.toFixed(2)} of ${what} (${nth})`,
  )
  return [`seed ${seed}, ${injected.length} faults`, ...lines].join('\n')
}
