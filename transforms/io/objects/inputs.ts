/** Objects as sources of files see them. */
import { redactUri } from '../../../engine/fault.ts'
import type { PlanRequest } from '../../../engine/io/source.ts'
import { HEAD_BYTES, type Sniffed, sniffed } from '../files/compression.ts'
import type { InputFile } from '../files/list.ts'
import { listObjects } from './list.ts'
import { FIRST_BYTES, headOf, isSmall } from './object-heads.ts'
import type { StoredObject } from './store.ts'
import { schemeOf } from './uri.ts'

export { openObject } from './object-bytes.ts'

/** Throws as `listObjects`. The path of a signed URL is without its signature. */
export async function listInputs(uri: string, told?: PlanRequest['told']): Promise<InputFile[]> {
  return (await listObjects(uri, told)).map(object => {
    const { bytes, version, modified } = object
    const path = schemeOf(uri) === 'https' ? redactUri(object.uri) : object.uri
    return { path, bytes, version, modified, object }
  })
}

/** Throws data: a format that is no text; resource: cannot be read. */
export async function sniffObject(object: StoredObject): Promise<Sniffed> {
  return sniffed((await headOf(object)).subarray(0, HEAD_BYTES), object.uri)
}

/**
 * Lets an object's first bytes come, where it is not read from its end, and answers how many they are; a
 * failure is told to who reads them.
 */
export function expectObject(object: StoredObject, fromEnd: boolean): number {
  if (fromEnd && !isSmall(object)) return 0
  headOf(object).catch(() => {})
  return Math.min(object.bytes, FIRST_BYTES)
}
