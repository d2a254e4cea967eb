/**
 * What an object store answers: Google Cloud Storage, S3, or files behind a web server. Names are taken
 * as they are, never decoded: `gs://bucket/a b#c?.csv` is that object. Whatever goes wrong is a Fault
 * that says which system, which resource, what the service answered and what to do; a failure that may
 * pass is tried again, with jitter, until its deadline, before it is told.
 */

/** An object as it was listed. */
export interface StoredObject {
  /** Whole, as `gs://bucket/name`. */
  readonly uri: string
  readonly bytes: number
  /** Generation or etag: another one is another content. */
  readonly version: string
  /** Epoch milliseconds of its last change. */
  readonly modified: number
  /** Of its stored bytes, where the service tells one. */
  readonly checksum?: Checksum
}

/** In base64. */
export interface Checksum {
  readonly of: 'md5' | 'crc32c'
  readonly value: string
}

/** An object that was sent and that no reader sees before `commit`. */
export interface PendingObject {
  readonly uri: string
  /** What another process, or a rerun, finds it by: plain data, without secrets. */
  readonly token: string
}

export interface ReadOptions {
  /** So many more bytes are there, after those before them. */
  readonly arrived?: (bytes: number) => void
  /** Ends it. */
  readonly signal?: AbortSignal
}

export interface ObjectReader {
  readonly scheme: 'gs' | 's3' | 'https'
  /** Objects whose names begin with `prefix` (a URI), in code unit order, page by page. */
  list(prefix: string): AsyncIterable<readonly StoredObject[]>
  /** Null where there is none. */
  stat(uri: string): Promise<StoredObject | null>
  /**
   * Fills `into` with the bytes of the listed version from `start` on. It ends, also by a failure, once
   * nothing is written there any more. Throws data: the object is another one by now; resource: it
   * cannot be read.
   */
  read(object: StoredObject, start: number, into: Uint8Array, o?: ReadOptions): Promise<void>
  /** A small object as a whole; null where there is none. */
  get(uri: string): Promise<{ readonly bytes: Uint8Array; readonly version: string } | null>
}

export interface SendOptions {
  /**
   * Ends with `/`: what is not shown yet lies under this URI, in a store that lists whatever it holds.
   * Default: `_millrace/` beside the object.
   */
  readonly hidden?: string
  /** Ends it; what was sent so far is removed where that is possible. */
  readonly signal?: AbortSignal
}

/** An object as readers see it. */
export interface CommittedObject {
  readonly uri: string
  readonly bytes: number
  /** Generation or etag. */
  readonly version: string
  /** Of the whole object, in base64. */
  readonly crc32c: string
}

/** What was sent and never shown. */
export interface Leftover extends PendingObject {
  readonly bytes: number
  /** Epoch milliseconds. */
  readonly begun: number
}

export interface ObjectStore extends ObjectReader {
  /**
   * Writes a small object; `over`: the version that it replaces, null for none, undefined for whichever
   * there is. False where another version stands there: nothing was written.
   */
  put(uri: string, bytes: Uint8Array, over?: string | null): Promise<boolean>
  /** Sends the file at `path` in bounded memory, checked by its checksum; `commit` then shows it as `uri`. */
  send(path: string, uri: string, o?: SendOptions): Promise<PendingObject>
  /** Whether what was sent is there still, shown or not. */
  holds(pending: PendingObject): Promise<boolean>
  /** Shows what was sent; again and again does no harm. Throws data: another object stands there. */
  commit(pending: PendingObject): Promise<CommittedObject>
  /** Removes what was sent and is not shown. */
  discard(pending: PendingObject): Promise<void>
  /** What was sent for objects under `prefix` and is not shown, page by page; `hidden` as it was sent with. */
  leftovers(prefix: string, hidden: string): AsyncIterable<readonly Leftover[]>
  /** Removes an object; one that is gone is no error. */
  remove(uri: string): Promise<void>
}
