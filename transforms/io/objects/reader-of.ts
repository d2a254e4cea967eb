/** The reading half of the store that a URI belongs to; its client is loaded when it is first asked. */
import type { ObjectReader } from './store.ts'
import { type Scheme, schemeOf } from './uri.ts'

const MADE: { readonly [S in Scheme]: () => Promise<ObjectReader> } = {
  gs: async () => (await import('./gcs-read.ts')).gcsReader,
  s3: async () => (await import('./s3-read.ts')).s3Reader,
  https: async () => (await import('./https-read.ts')).httpsReader,
}

/** Throws pipeline: not a URI of an object store. */
export const readerOf = (uri: string): Promise<ObjectReader> => MADE[schemeOf(uri)]()
