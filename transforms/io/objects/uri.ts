/**
 * Where an object is, as its URI says. Names are taken as they are: no escape is undone, no `..` folded,
 * and `?` and `#` belong to the name. Of `https:` and `http:` URIs the web's own rules hold.
 */
import { Fault, redactUri } from '../../../engine/fault.ts'

export type Scheme = 'gs' | 's3' | 'https'

export interface ObjectPlace {
  readonly scheme: 'gs' | 's3'
  readonly bucket: string
  /** The object's name, or a prefix of names; '' for the bucket itself. */
  readonly name: string
}

const OBJECT = /^(gs|s3|https?):\/\//i
const PLACE = /^(gs|s3):\/\/([^/]*)(?:\/(.*))?$/is
/** What both services allow, dots and underscores included. */
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,221}[a-z0-9]$/i

/** Whether a URI names something in an object store or on a web server; no check of what. */
export const isObjectUri = (uri: string): boolean => OBJECT.test(uri)

/** Throws pipeline: not a URI of an object store. */
export function schemeOf(uri: string): Scheme {
  const scheme = OBJECT.exec(uri)?.[1]?.toLowerCase()
  if (scheme === undefined)
    throw new Fault('pipeline', `${JSON.stringify(redactUri(uri))} names no object store`, {
      hint: 'gs://bucket/name, s3://bucket/name or https://host/path',
    })
  return scheme === 'http' ? 'https' : (scheme as Scheme)
}

/** Throws pipeline: no bucket, or an impossible one; a user or password in the URI. */
export function placeOf(uri: string): ObjectPlace {
  const [, scheme = '', bucket = '', name = ''] = PLACE.exec(uri) ?? []
  if (scheme === '' || bucket.includes('@') || !BUCKET.test(bucket))
    throw new Fault('pipeline', `${JSON.stringify(redactUri(uri))} names no bucket`, {
      hint: bucket.includes('@')
        ? "credentials come from the client's own chain, never from the URI: leave them out"
        : 'gs://bucket/name or s3://bucket/name',
    })
  return { scheme: scheme.toLowerCase() as 'gs' | 's3', bucket, name }
}

export const uriOf = ({ scheme, bucket, name }: ObjectPlace): string =>
  `${scheme}://${bucket}/${name}`
