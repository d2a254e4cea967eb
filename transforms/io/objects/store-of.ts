/** The store that a URI belongs to, to read and to write; its client is loaded when it is first asked. */
import { Fault, redactUri } from '../../../engine/fault.ts'
import type { ObjectStore } from './store.ts'
import { type Scheme, schemeOf } from './uri.ts'

const MADE: { readonly [S in Exclude<Scheme, 'https'>]: () => Promise<ObjectStore> } = {
  gs: async () => {
    const [reading, writing] = await Promise.all([
      import('./gcs-read.ts'),
      import('./gcs-write.ts'),
    ])
    return { ...reading.gcsReader, ...writing.gcsWriter }
  },
  s3: async () => {
    const [reading, writing] = await Promise.all([import('./s3-read.ts'), import('./s3-write.ts')])
    return { ...reading.s3Reader, ...writing.s3Writer }
  },
}

/** Throws pipeline: not a URI of an object store that can be written to. */
export function storeOf(uri: string): Promise<ObjectStore> {
  const scheme = schemeOf(uri)
  if (scheme !== 'https') return MADE[scheme]()
  throw new Fault(
    'pipeline',
    `${JSON.stringify(redactUri(uri))} can be read, and not be written to`,
    {
      hint: 'write to gs://bucket/folder, s3://bucket/folder or a local folder',
    },
  )
}
