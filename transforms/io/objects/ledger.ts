/**
 * The run ledger in a bucket: each value an object, changed on condition of its generation or etag. A
 * write whose answer was lost is known by its bytes, of which no two are alike.
 */
import { Fault, redactUri } from '../../../engine/fault.ts'
import type { KeptValue, KeyValues } from '../../../engine/io/ledger.ts'
import type { ObjectStore } from './store.ts'
import { storeOf } from './store-of.ts'

/** Written, and by now replaced: no object has this generation or etag, so the next change is refused. */
const OVERTAKEN = '1'

type Store = Pick<ObjectStore, 'get' | 'put' | 'list'>

export class BucketLedger implements KeyValues {
  readonly uri: string
  readonly #store: Store
  readonly #prefix: string

  /** `uri`: the folder, as `gs://bucket/ledger`. */
  constructor(store: Store, uri: string) {
    this.#store = store
    this.#prefix = uri.endsWith('/') ? uri : `${uri}/`
    this.uri = redactUri(uri)
  }

  get(name: string): Promise<KeptValue | null> {
    return this.#store.get(this.#prefix + name)
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const done = await this.#store.put(this.#prefix + name, bytes)
    if (!done)
      throw new Fault('resource', `run ledger ${this.uri} cannot be written`, {
        detail: [`object  ${this.#prefix + name}`, 'a write on no condition was refused'],
        hint: 'allow objects to be replaced there: no retention policy, no object lock',
      })
  }

  async swap(name: string, bytes: Uint8Array, over: string | null): Promise<string | null> {
    const done = await this.#store.put(this.#prefix + name, bytes, over)
    const now = await this.#store.get(this.#prefix + name)
    if (now !== null && Buffer.compare(now.bytes, bytes) === 0) return now.version
    return done ? OVERTAKEN : null
  }

  async *list(prefix: string): AsyncIterable<readonly string[]> {
    for await (const page of this.#store.list(this.#prefix + prefix))
      yield page
        .map(object => object.uri.slice(this.#prefix.length))
        .filter(name => name.endsWith('.json'))
  }
}

/** Throws pipeline: the URI names no bucket. */
export const ledgerIn = async (uri: string): Promise<KeyValues> =>
  new BucketLedger(await storeOf(uri), uri)
