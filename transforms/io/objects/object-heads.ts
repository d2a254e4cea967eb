/**
 * First bytes of objects, which are kept for a while: that an object is looked at, its header read and
 * then its rows, takes one request. Memory: `HEADS_MAX` of them a thread, of `HEADS_BYTES_MAX` at most,
 * beside those under way.
 */
import { readerOf } from './reader-of.ts'
import type { StoredObject } from './store.ts'

/** What is read of an object at first: of most small ones all. */
export const FIRST_BYTES = 512 << 10
const HEADS_MAX = 64
const HEADS_BYTES_MAX = 8 << 20

/** On their way, or there. */
const heads = new Map<string, Promise<Buffer>>()
/** The bytes of those that are there, in the order of their arrival: many are under way at once, and which comes when is open. */
const arrived = new Map<string, number>()
let headBytes = 0

/** The object's first bytes, all of a small object. Kept until others take their room. */
export function headOf(object: StoredObject): Promise<Buffer> {
  const key = keyOf(object)
  const known = heads.get(key)
  if (known) return known
  const bytes = Math.min(FIRST_BYTES, object.bytes)
  const asked = fetched(object, 0, bytes)
  heads.set(key, asked)
  asked.then(
    () => keep(key, bytes),
    // The next who asks tries again.
    () => heads.delete(key),
  )
  return asked
}

const keyOf = ({ uri, version, bytes }: StoredObject): string => `${bytes} ${version} ${uri}`

function keep(key: string, bytes: number): void {
  arrived.set(key, bytes)
  headBytes += bytes
  for (const [old, oldBytes] of arrived) {
    if ((arrived.size <= HEADS_MAX && headBytes <= HEADS_BYTES_MAX) || old === key) return
    arrived.delete(old)
    heads.delete(old)
    headBytes -= oldBytes
  }
}

/** Whether an object's first bytes are all that it has. */
export const isSmall = (object: StoredObject): boolean => object.bytes <= FIRST_BYTES

/** A range as one buffer, which may be a part of one that is kept. */
export async function bytesOf(object: StoredObject, start: number, end: number): Promise<Buffer> {
  if (isSmall(object)) return (await headOf(object)).subarray(start, end)
  return fetched(object, start, end)
}

/** The same into room of the caller's. */
export async function fillWith(object: StoredObject, start: number, into: Buffer): Promise<void> {
  if (isSmall(object)) (await headOf(object)).copy(into, 0, start)
  else await (await readerOf(object.uri)).read(object, start, into)
}

async function fetched(object: StoredObject, start: number, end: number): Promise<Buffer> {
  const whole = Buffer.allocUnsafeSlow(end - start)
  await (await readerOf(object.uri)).read(object, start, whole)
  return whole
}
