/**
 * The output of a file sink in an object store. Shards are sent as they are built, unseen; `commit` shows
 * each under a name of this run's own, and then writes the manifest that makes them the output. What the
 * output was before, and what dead runs left, is removed after that. A run that dies in between is
 * completed by its rerun, which finds the mark (`mark.ts`) and has the same names.
 */
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { LimitFunction } from 'p-limit'
import { describe } from '../../../engine/data/schema.ts'
import { Fault, redactUri } from '../../../engine/fault.ts'
import type {
  BuiltShard,
  OutputPlace,
  PlaceRequest,
  ShardPlace,
} from '../../../engine/io/output-place.ts'
import { Claim } from './claim.ts'
import { each } from './each.ts'
import { inTheWay } from './in-the-way.ts'
import { MANIFEST, type Manifest, manifestIn, manifestText } from './manifest.ts'
import { folderOf } from './output-folder.ts'
import { hiddenOf, namesOf, objectName } from './output-names.ts'
import { refuseInputsIn, refuseStanding } from './refuse-output.ts'
import type { CommittedObject, ObjectStore, PendingObject } from './store.ts'
import { removeOthers, removeRun } from './sweep.ts'

/** What an upload has in memory on its way from the file to the socket. */
const UPLOAD_BYTES = 1 << 20
/** What a run that has failed spends on its leftovers. */
const ABANDON_MS = 60_000

interface SentShard {
  readonly shard: BuiltShard
  /** Null: the output stands already. */
  readonly pending: PendingObject | null
}

export class ObjectOutput implements OutputPlace {
  readonly target: string
  readonly #store: ObjectStore
  readonly #folder: string
  readonly #extension: string
  readonly #request: PlaceRequest
  readonly #sent = new Map<string, SentShard>()
  readonly #under = new Set<Promise<unknown>>()
  readonly #controller = new AbortController()
  #limiting: Promise<LimitFunction> | null = null
  #claim: Claim | null = null
  #standing: { readonly manifest: Manifest; readonly version: string } | null = null
  #names = ''
  /** A dead run of this key had committed it: what stands there is the output. */
  #stands = false
  #unfinished = false
  #committing = false

  constructor(sink: { uri: string; extension: string }, store: ObjectStore, request: PlaceRequest) {
    this.target = folderOf(sink.uri)
    this.#folder = `${this.target}/`
    this.#extension = sink.extension
    this.#store = store
    this.#request = request
  }

  refuseInputs(inputs: readonly { readonly uri: string }[]): void {
    refuseInputsIn(this.target, inputs, this.#request.at)
  }

  begin(retaken: boolean): Promise<boolean> {
    return this.#told(async () => {
      const { key } = this.#request
      this.#claim = await Claim.make({
        store: this.#store,
        folder: this.#folder,
        output: this.target,
        request: this.#request,
        refuse: () => this.#refuse(retaken),
        names: async () => {
          this.#standing = await manifestIn(this.#store, this.#folder)
          return namesOf(key, this.#standing?.manifest.run ?? null)
        },
        clean: dead => removeRun(this.#store, this.#folder, dead.names),
      })
      this.#names = this.#claim.names
      if (this.#claim.unfinished) this.#standing = await manifestIn(this.#store, this.#folder)
      return this.#claim.unfinished
    })
  }

  /** What a dead run of this key has committed is its own; `prepare` sees to that. */
  async #refuse(retaken: boolean): Promise<void> {
    const { overwrite, at, key } = this.#request
    if (overwrite || retaken) return
    const standing = await manifestIn(this.#store, this.#folder)
    if (standing?.manifest.key === key) return
    await refuseStanding(this.#store, { target: this.target, at, replace: false })
  }

  prepare(unfinished: boolean, keep: boolean): Promise<void> {
    return this.#told(async () => {
      this.#unfinished = unfinished
      const { overwrite, at, key } = this.#request
      const standing = this.#standing?.manifest
      const own = this.#claim?.unfinished
        ? standing?.run === this.#names
        : unfinished && standing?.key === key
      this.#stands = own && !overwrite
      if (this.#stands) this.#names = standing?.run ?? this.#names
      else if (own) await this.#rename(namesOf(key, standing?.run ?? null))
      else if (unfinished && !keep) await removeRun(this.#store, this.#folder, this.#names)
      const replace = overwrite || unfinished
      await refuseStanding(this.#store, { target: this.target, at, replace })
    })
  }

  /** What stands is replaced, and may have other bytes: it keeps its names until then. */
  async #rename(names: string): Promise<void> {
    this.#names = names
    if (!(await this.#claim?.rename(names))) throw lost(this.target)
    await removeRun(this.#store, this.#folder, names)
  }

  async shard(folder: string, index: number): Promise<ShardPlace> {
    const name = objectName(index, this.#names, this.#extension)
    const path = join(this.#request.scratch, folder, name)
    await mkdir(dirname(path), { recursive: true })
    return { path, target: this.#folder + folder + name }
  }

  async send(shard: BuiltShard): Promise<string | null> {
    const sending = this.#told(async () => {
      const send = () => this.#store.send(shard.path, shard.target, this.#o)
      const pending = this.#stands ? null : await (await this.#limit())(send)
      this.#sent.set(shard.target, { shard, pending })
      await rm(shard.path, { force: true })
      return pending?.token ?? null
    })
    this.#under.add(sending)
    return sending.finally(() => this.#under.delete(sending))
  }

  async adopt(shard: BuiltShard, token: string): Promise<boolean> {
    const pending = this.#stands ? null : { uri: shard.target, token }
    if (pending && !(await this.#told(() => this.#store.holds(pending)))) return false
    this.#sent.set(shard.target, { shard, pending })
    return true
  }

  commit(): Promise<void> {
    return this.#told(async () => {
      this.#committing = true
      if (!(await this.#claim?.renew())) throw lost(this.target)
      const objects = this.#stands ? this.#same() : await this.#shown()
      const replaced = this.#standing !== null || this.#unfinished || this.#request.overwrite
      // What another run shows by now is not this one's to remove; it removes what is left here.
      if (replaced && (await this.#claim?.renew()))
        await removeOthers(this.#store, this.#folder, new Set(objects.map(o => o.name)))
      await removeRun(this.#store, this.#folder, this.#names, { sentOnly: true })
    })
  }

  async end(): Promise<void> {
    await this.#claim?.end().catch(error => {
      this.#request.warn(`the mark of ${redactUri(this.target)} is left: ${said(error)}`)
    })
  }

  async abandon(): Promise<void> {
    if (this.#claim === null) return
    const claim = this.#claim
    this.#claim = null
    this.#controller.abort()
    const left = async () => {
      await Promise.allSettled(this.#under)
      const pending = [...this.#sent.values()].flatMap(s => s.pending ?? [])
      if (!this.#committing) {
        await each(pending, one => this.#store.discard(one))
        if (!this.#unfinished)
          await removeRun(this.#store, this.#folder, this.#names, { sentOnly: true })
      }
      await claim.end(this.#unfinished || this.#committing)
    }
    const late = () => Promise.reject(new Error(`no end within ${ABANDON_MS / 1000} s`))
    await withinMs(ABANDON_MS, left(), late).catch(error => {
      const uri = redactUri(this.target)
      this.#request.warn(
        `${uri}: not all of what this run had sent was removed (${said(error)}): millrace clean ${uri}`,
      )
    })
  }

  /** As many uploads at once as their buffers have room. */
  #limit(): Promise<LimitFunction> {
    const most = Math.floor(this.#request.bufferBytes / UPLOAD_BYTES)
    this.#limiting ??= import('p-limit').then(({ default: limit }) => limit(Math.max(1, most)))
    return this.#limiting
  }

  get #o() {
    const hidden = hiddenOf(this.#folder, this.#names)
    return { hidden, signal: this.#controller.signal }
  }

  /** Every shard under its name, then the manifest. */
  async #shown(): Promise<Manifest['objects']> {
    const sent = [...this.#sent.values()].sort((a, b) => (a.shard.target < b.shard.target ? -1 : 1))
    const made = await each(sent, ({ pending }) => this.#store.commit(pending as PendingObject))
    const objects = made.map((object, i) => this.#entry(object, sent[i]?.shard.rows ?? 0))
    const { key, schema } = this.#request
    const created = new Date().toISOString()
    const text = { run: this.#names, key, created, schema: describe(schema), objects }
    const over = this.#standing?.version ?? null
    const uri = this.#folder + MANIFEST
    // Showing many shards takes a while: a run that took over meanwhile has removed them.
    if (!(await this.#claim?.renew())) throw lost(this.target)
    if (await this.#store.put(uri, manifestText(text), over)) return objects
    const now = await manifestIn(this.#store, this.#folder)
    if (now?.manifest.run === this.#names) return objects
    // Another run's output stands there: what was just shown is no part of it.
    await removeRun(this.#store, this.#folder, this.#names)
    throw inTheWay(uri, `run ${now?.manifest.run ?? 'none'}`)
  }

  #entry({ uri, bytes, version, crc32c }: CommittedObject, rows: number) {
    return { name: uri.slice(this.#folder.length), bytes, rows, version, crc32c }
  }

  /** What the dead run had committed, where it is what this one has made. */
  #same(): Manifest['objects'] {
    const objects = this.#standing?.manifest.objects ?? []
    const made = new Map([...this.#sent].map(([uri, { shard }]) => [uri, shard.bytes]))
    const same = objects.every(o => made.get(this.#folder + o.name) === o.bytes)
    if (same && made.size === objects.length) return objects
    throw new Fault('data', `output ${redactUri(this.target)} stands already, with other bytes`, {
      detail: ['a run of the same plan, parameters and inputs had committed it and died'],
      hint: 'the pipeline gives other rows each time: write again with --overwrite',
    })
  }

  async #told<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (error) {
      if (error instanceof Fault) error.at ??= this.#request.at
      throw error
    }
  }
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function lost(target: string): Fault {
  return new Fault('resource', `output ${redactUri(target)} was taken over by another run`, {
    detail: ['its mark was not renewed in time: the machine slept, or the store was out of reach'],
    hint: 'nothing was committed: run again once the other run has ended',
  })
}

async function withinMs<T>(ms: number, done: Promise<T>, late: () => Promise<T>): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  try {
    return await Promise.race([done, promise.then(late)])
  } finally {
    clearTimeout(timer)
  }
}
