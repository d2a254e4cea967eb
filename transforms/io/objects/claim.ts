/**
 * A run's hold on an output: its mark is made or taken over, renewed while the run is at work, and removed
 * at its end. Nothing is committed once it was lost.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, redactUri } from '../../../engine/fault.ts'
import type { PlaceRequest } from '../../../engine/io/output-place.ts'
import {
  beingWritten,
  type FoundMark,
  hold,
  isHeld,
  leaseFrom,
  type Mark,
  markIn,
  markText,
  markUri,
  release,
} from './mark.ts'
import { storeFault } from './errors.ts'
import type { ObjectStore } from './store.ts'

const RENEWED_MS = 30_000
/** A run at work renews its mark within it, whatever its clock says. */
const WATCH_MS = 1.5 * RENEWED_MS
const ATTEMPTS_MAX = 5

export interface ClaimOptions {
  readonly store: ObjectStore
  /** Ends with `/`. */
  readonly folder: string
  readonly output: string
  readonly request: PlaceRequest
  /** Throws: the output exists and may not be replaced. Asked before a mark is made. */
  refuse(): Promise<void>
  /** What names end with, for a run that begins; asked once nobody else can begin. */
  names(): Promise<string>
  /** Removes what the dead run of another key left, before its mark is taken over. */
  clean(dead: Mark): Promise<void>
}

export class Claim {
  /** A dead run of the same key had begun. */
  readonly unfinished: boolean
  /** What this run's names end with; the dead run's, where it is completed. */
  names: string
  readonly #o: ClaimOptions
  readonly #begun: string
  readonly #id: string
  readonly #timer: NodeJS.Timeout
  #renewing: Promise<boolean> | null = null

  private constructor(o: ClaimOptions, mark: Mark, unfinished: boolean) {
    this.#o = o
    this.unfinished = unfinished
    this.names = mark.names
    this.#begun = mark.begun
    this.#id = mark.id
    hold(markUri(o.folder))
    // A renewal that fails is tried again; whether the mark still holds is asked before the commit.
    this.#timer = setInterval(() => void this.renew().catch(() => false), RENEWED_MS)
    this.#timer.unref()
  }

  /** Throws resource: another run is at work there. */
  static async make(o: ClaimOptions): Promise<Claim> {
    const { store, folder, output, request } = o
    const uri = markUri(folder)
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const found = await markIn(store, folder).catch(error => {
        throw aboutOutput(error, output)
      })
      if (found && isHeld(found.mark, { uri, self: request.owner, isAlive: request.isAlive }))
        throw beingWritten(output, found.mark)
      if (found && !(await isUnrenewed(o, found))) continue
      const same = found?.mark.run === request.key
      if (found && !same) await o.clean(found.mark)
      if (!same) await o.refuse()
      const names = found && same ? found.mark.names : await o.names()
      const mark = markOf(request, names, randomUUID())
      if (!(await store.put(uri, markText(mark), found?.version ?? null))) continue
      // Another run may have come to its end between the two.
      if (same || (await o.names()) === names) return new Claim(o, mark, same)
      await store.remove(uri)
    }
    throw new Fault('resource', `output ${redactUri(output)} is wanted by several runs at once`, {
      hint: 'run again once the others have ended',
    })
  }

  /** Makes the mark hold longer. False: it is another run's by now. */
  renew(): Promise<boolean> {
    this.#renewing ??= this.#renewed().finally(() => {
      this.#renewing = null
    })
    return this.#renewing
  }

  /** Says so before anything has that name. False: the mark is another run's by now. */
  async rename(names: string): Promise<boolean> {
    this.names = names
    await this.#renewing?.catch(() => false)
    return this.renew()
  }

  async #renewed(): Promise<boolean> {
    const found = await this.#own()
    if (found === null) return false
    const { store, folder } = this.#o
    return store.put(markUri(folder), markText(this.#mark()), found.version)
  }

  /** The mark that stands, where it is this run's. */
  async #own(): Promise<FoundMark | null> {
    const found = await markIn(this.#o.store, this.#o.folder)
    return found?.mark.id === this.#id ? found : null
  }

  #mark(): Mark {
    const { request } = this.#o
    return { ...markOf(request, this.names, this.#id), begun: this.#begun }
  }

  /** `keep`: another run shall find it, as a dead one's. */
  async end(keep = false): Promise<void> {
    clearInterval(this.#timer)
    await this.#renewing?.catch(() => false)
    const { store, folder } = this.#o
    const uri = markUri(folder)
    try {
      const found = await this.#own()
      if (found === null) return
      const mark = this.#mark()
      const ended = { ...mark, owner: { ...mark.owner, process: 0 } }
      if (keep) await store.put(uri, markText(ended), found.version)
      else await store.remove(uri)
    } finally {
      release(uri)
    }
  }
}

/** The output's folder is known to the user, the mark in it is not. */
const aboutOutput = (error: unknown, output: string): unknown =>
  error instanceof Fault && error.cause !== undefined
    ? storeFault(error.cause, output, 'write')
    : error

/** Neither clock need be right: a mark of a process that cannot be asked must stay as it is for a while. */
async function isUnrenewed({ store, folder, output, request }: ClaimOptions, found: FoundMark) {
  const { owner } = found.mark
  if (owner.process === 0 || request.isAlive(owner) !== null) return true
  const ms = request.watchMs ?? WATCH_MS
  request.warn(`${output}: waits ${ms / 1000} s to see whether a run on ${owner.host} is dead`)
  await sleep(ms)
  const now = await markIn(store, folder)
  if (now !== null && now.version !== found.version && now.mark.id === found.mark.id)
    throw beingWritten(output, now.mark)
  return now?.version === found.version
}

function markOf({ key, owner }: PlaceRequest, names: string, id: string): Mark {
  const now = Date.now()
  return {
    id,
    run: key,
    names,
    begun: new Date(now).toISOString(),
    until: leaseFrom(now),
    owner,
  }
}
