/**
 * Reads of S3, signed by the client and sent by ourselves (`receive.ts`): the client knows credentials,
 * region and endpoint; its HTTP handler is left out.
 */
import type { S3Client } from '@aws-sdk/client-s3'
import { answerOf } from './answer.ts'
import type { Asking } from './receive.ts'
import { s3Client } from './s3-client.ts'
import { placeOf } from './uri.ts'

/** As the client would send it. */
interface Signed {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
}

/** Bytes [start, end) of one version. Throws what the client says where there are no credentials. */
export async function signedRead(
  { uri, version }: { readonly uri: string; readonly version: string },
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Asking> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3')
  const { bucket: Bucket, name: Key } = placeOf(uri)
  const Range = `bytes=${start}-${end - 1}`
  const command = new GetObjectCommand({ Bucket, Key, Range, IfMatch: `"${version}"` })
  let signed: Signed | null = null
  command.middlewareStack.add(
    () => async args => {
      signed = args.request as Signed
      return { output: { $metadata: {} }, response: {} }
    },
    // After it was signed, in place of sending it.
    { name: 'handOver', step: 'deserialize', priority: 'high' },
  )
  await (await s3Client()).send(command)
  return askingOf(signed as unknown as Signed)
}

function askingOf({ protocol, hostname, port, path, query = {}, headers }: Signed): Asking {
  const text = new URLSearchParams(query).toString()
  const host = port === undefined ? hostname : `${hostname}:${port}`
  return { url: `${protocol}//${host}${path}${text === '' ? '' : `?${text}`}`, headers }
}

/** A clock that is wrong is set right for the next request, as the client does it. Throws `error`. */
export async function rethrown(error: unknown): Promise<never> {
  const { code, headers } = answerOf(error)
  const theirs = Date.parse(headers.date ?? '')
  if (code === 'RequestTimeTooSkewed' && !Number.isNaN(theirs)) {
    const { config }: S3Client = await s3Client()
    config.systemClockOffset = theirs - Date.now()
  }
  throw error
}
