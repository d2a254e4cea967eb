/**
 * What an etag of S3 says of an object's bytes: 32 hexadecimal digits are their MD5, unless the object is
 * encrypted with a key of KMS or of the customer's, which the answer to a read tells. An etag of parts
 * (`…-12`) says nothing.
 * Source: "Checking object integrity", Amazon S3 User Guide.
 */
import type { Checksum } from './store.ts'
import { schemeOf, placeOf } from './uri.ts'

/** Buckets in which an object was met whose etag is no MD5. */
const encrypted = new Set<string>()
/** A run reads few buckets. */
const BUCKETS_MAX = 1000

export const md5In = (etag: string): Checksum | null =>
  /^[0-9a-f]{32}$/.test(etag)
    ? { of: 'md5', value: Buffer.from(etag, 'hex').toString('base64') }
    : null

interface Encryption {
  readonly ServerSideEncryption?: string | undefined
  readonly SSECustomerAlgorithm?: string | undefined
}

/** What the headers of an answer say of it. */
export const encryptionIn = (headers: Readonly<Record<string, string>>): Encryption => ({
  ServerSideEncryption: headers['x-amz-server-side-encryption'],
  SSECustomerAlgorithm: headers['x-amz-server-side-encryption-customer-algorithm'],
})

export function noteEncryption(bucket: string, answer: Encryption): void {
  const { ServerSideEncryption: by = 'AES256', SSECustomerAlgorithm: own } = answer
  if ((by !== 'AES256' || own !== undefined) && encrypted.size < BUCKETS_MAX) encrypted.add(bucket)
}

/** Whether the object's MD5 may be relied on; of other stores it always may. */
export const isMd5 = (uri: string): boolean =>
  schemeOf(uri) !== 's3' || !encrypted.has(placeOf(uri).bucket)
