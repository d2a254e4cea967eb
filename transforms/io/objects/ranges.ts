/**
 * Ranges of an object that are fetched before they are read, so that reading them is no wait. Few
 * requests: ranges that lie near each other are one, long ones several at a time. Where what is wanted
 * is more than `WHOLE_BYTES`, or half of the task's memory, of each place only a window is held, which moves on as it is read. What was
 * not asked for beforehand is fetched by a thread of its own (`sync.ts`) while this one waits.
 */
import pLimit from 'p-limit'
import { Malformed } from '../parquet/thrift-read.ts'
import { fillWith } from './object-heads.ts'
import type { StoredObject } from './store.ts'
import { fetchSync } from './sync.ts'

export interface Place {
  readonly at: number
  readonly bytes: number
}

/** What is held at once of what is wanted now, and as much of what is wanted next. */
const WHOLE_BYTES = 32 << 20
const WHOLE_BYTES_MIN = 4 << 20
/** Ranges that lie so near are fetched with what is between them. */
const GAP_BYTES = 256 << 10
/** Of one request. */
const PIECE_BYTES = 4 << 20
const AT_ONCE = 6
/** Of a place of which not all is held. */
const WINDOW_BYTES_MIN = 2 << 20
/** What is read at a time without being asked for. */
const LATE_BYTES = 2 << 20

interface Segment {
  readonly at: number
  readonly bytes: Buffer
}

/** A place on its way. */
interface Flying extends Place {
  readonly fetching: Promise<void>
}

/** A place, its part that has been asked for, and how far it has been read. */
interface Track {
  readonly end: number
  /** Asked for up to here, and there up to here. */
  asked: number
  there: number
  cursor: number
}

export class ObjectRanges {
  readonly object: StoredObject
  readonly #wholeBytes: number
  readonly #limit = pLimit(AT_ONCE)
  #segments: Segment[] = []
  #tracks: Track[] = []
  #window = Number.POSITIVE_INFINITY
  #loading: Promise<void> | null = null
  #next: readonly Place[] = []
  #failure: { readonly error: unknown } | null = null
  #flying: Flying[] = []
  #closed = false

  /** `memoryBytes`: of the task. */
  constructor(object: StoredObject, memoryBytes = Number.POSITIVE_INFINITY) {
    this.object = object
    this.#wholeBytes = Math.max(WHOLE_BYTES_MIN, Math.min(WHOLE_BYTES, memoryBytes / 2))
  }

  /** Fetches some places, and keeps them until `want`. */
  async load(places: readonly Place[]): Promise<void> {
    await Promise.all(coalesced(places).map(place => this.#fetch(place)))
  }

  /** What is read from now on, and after it. What was held for neither is let go. */
  want(now: readonly Place[], next: readonly Place[]): void {
    const wanted = coalesced([...now, ...next])
    this.#segments = this.#segments.filter(s => wanted.some(p => overlap(p, s)))
    const whole = sum(now) <= this.#wholeBytes
    this.#window = whole
      ? Number.POSITIVE_INFINITY
      : Math.max(WINDOW_BYTES_MIN, Math.floor(this.#wholeBytes / now.length))
    this.#tracks = whole ? [] : now.map(p => trackOf(p))
    this.#next = []
    this.#loading = whole ? this.#start(now) : null
    this.expect(next)
  }

  /** What is read after that: it is fetched once the rest is there. */
  expect(next: readonly Place[]): void {
    this.#next = sum(next) <= this.#wholeBytes ? next : []
    if (this.#loading === null && this.#tracks.length === 0) this.#later()
  }

  /** Null where what is read next is there; else to be waited for. */
  ready(): Promise<void> | null {
    if (this.#failure) throw this.#failure.error
    this.#move()
    const short = this.#tracks.some(t => t.there < Math.min(t.end, t.cursor + this.#window / 2))
    return this.#loading ?? (short ? this.#arrive() : null)
  }

  /** Bytes of a range, as a view of what is held where that is possible. */
  read(at: number, length: number): Buffer {
    for (const track of this.#tracks)
      if (at >= track.cursor && at < track.end && at + length <= track.end) track.cursor = at
    const one = this.#segments.find(s => at >= s.at && at + length <= s.at + s.bytes.length)
    if (one) return one.bytes.subarray(at - one.at, at - one.at + length)
    return this.#joined(at, length) ?? this.#late(at, length)
  }

  close(): void {
    this.#closed = true
    this.#segments = []
    this.#tracks = []
    this.#limit.clearQueue()
  }

  /** Null where all of the places are held. */
  #start(now: readonly Place[]): Promise<void> | null {
    const missing = coalesced(now).filter(p => !this.#holds(p))
    if (missing.length === 0) return null
    const loading = Promise.all(missing.map(place => this.#fetch(place))).then(() => this.#later())
    // It is told by the call that waits.
    loading.catch(error => {
      this.#failure = { error }
    })
    return loading
  }

  #later(): void {
    this.#loading = null
    const next = coalesced(this.#next).filter(p => !this.#holds(p))
    this.#next = []
    // Its failure is told when it is asked for again.
    for (const place of next) this.#fetch(place).catch(() => {})
  }

  #holds({ at, bytes }: Place): boolean {
    return this.#segments.some(s => at >= s.at && at + bytes <= s.at + s.bytes.length)
  }

  #fetch(place: Place): Promise<void> {
    const { at, bytes } = place
    const covers = (f: Flying) => at >= f.at && at + bytes <= f.at + f.bytes
    const known = this.#flying.find(covers)
    if (known) return known.fetching
    const fetching = this.#pieces(place).finally(() => {
      this.#flying = this.#flying.filter(f => f !== flying)
    })
    const flying = { ...place, fetching }
    this.#flying.push(flying)
    return fetching
  }

  /** One buffer, its pieces at once. */
  async #pieces({ at, bytes }: Place): Promise<void> {
    const whole = Buffer.allocUnsafeSlow(bytes)
    const pieces: Promise<void>[] = []
    for (let from = 0; from < bytes; from += PIECE_BYTES) {
      const to = Math.min(bytes, from + PIECE_BYTES)
      pieces.push(
        this.#limit(async () => {
          await fillWith(this.object, at + from, whole.subarray(from, to))
        }),
      )
    }
    await Promise.all(pieces)
    if (!this.#closed) this.#segments.push({ at, bytes: whole })
  }

  /** Moves the windows on: asks for what follows, lets go of what was read. */
  #move(): void {
    for (const track of this.#tracks)
      while (track.asked < track.end && track.asked < track.cursor + this.#window) {
        const at = track.asked
        const bytes = Math.min(Math.ceil(this.#window / 2), track.end - at)
        track.asked = at + bytes
        this.#fetch({ at, bytes }).then(
          () => {
            track.there = Math.max(track.there, at + bytes)
          },
          error => {
            this.#failure = { error }
          },
        )
      }
    if (this.#tracks.length === 0) return
    this.#segments = this.#segments.filter(({ at, bytes }) =>
      this.#tracks.some(t => at < t.end && at + bytes.length > t.cursor),
    )
  }

  async #arrive(): Promise<void> {
    const { setTimeout: sleep } = await import('node:timers/promises')
    for (let waited = 1; ; waited = Math.min(20, waited * 2)) {
      if (this.#failure) throw this.#failure.error
      const short = this.#tracks.some(t => t.there < Math.min(t.end, t.cursor + this.#window / 2))
      if (!short || this.#closed) return
      await sleep(waited)
    }
  }

  /** Of segments that follow each other; null where a part is missing. */
  #joined(at: number, length: number): Buffer | null {
    const whole = Buffer.allocUnsafeSlow(length)
    for (let from = at; from < at + length; ) {
      const found = this.#segments.find(s => from >= s.at && from < s.at + s.bytes.length)
      if (found === undefined) return null
      const to = Math.min(at + length, found.at + found.bytes.length)
      whole.set(found.bytes.subarray(from - found.at, to - found.at), from - at)
      from = to
    }
    return whole
  }

  #late(at: number, length: number): Buffer {
    if (at + length > this.object.bytes) throw new Malformed('it ends early')
    const track = this.#tracks.find(t => at >= t.cursor && at < t.end)
    const end = Math.min(track?.end ?? this.object.bytes, at + Math.max(length, LATE_BYTES))
    const bytes = fetchSync(this.object, at, Math.max(end, at + length))
    this.#segments.push({ at, bytes })
    return bytes.subarray(0, length)
  }
}

const trackOf = ({ at, bytes }: Place): Track => ({
  end: at + bytes,
  asked: at,
  there: at,
  cursor: at,
})

const sum = (places: readonly Place[]): number => places.reduce((all, p) => all + p.bytes, 0)

const overlap = (p: Place, s: Segment): boolean =>
  p.at < s.at + s.bytes.length && s.at < p.at + p.bytes

/** In order, those that lie near each other as one. */
function coalesced(places: readonly Place[]): Place[] {
  const joined: { at: number; bytes: number }[] = []
  for (const { at, bytes } of [...places].sort((a, b) => a.at - b.at)) {
    const last = joined.at(-1)
    if (last && at - (last.at + last.bytes) <= GAP_BYTES)
      last.bytes = Math.max(last.bytes, at + bytes - last.at)
    else if (bytes > 0) joined.push({ at, bytes })
  }
  return joined
}
