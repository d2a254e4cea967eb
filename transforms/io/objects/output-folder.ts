/** The folder of an output in an object store, from the URI that a pipeline gives. */
import { Fault, redactUri } from '../../../engine/fault.ts'
import { placeOf, schemeOf, uriOf } from './uri.ts'

/** Without the slashes at its end. Throws pipeline: no folder of a bucket that can be written to. */
export function folderOf(uri: string): string {
  if (schemeOf(uri) === 'https')
    throw new Fault('pipeline', `output ${JSON.stringify(redactUri(uri))} cannot be written to`, {
      hint: 'write to gs://bucket/folder, s3://bucket/folder or a local folder',
    })
  const place = placeOf(uri)
  const name = place.name.replace(/\/+$/, '')
  if (name !== '') return uriOf({ ...place, name })
  throw new Fault('pipeline', `output ${JSON.stringify(redactUri(uri))} is a whole bucket`, {
    hint: 'an output is replaced as a whole: give it a folder, such as gs://bucket/sales',
  })
}
