/** The official client receiving all objects under a URI, several at once, without keeping their bytes. */
import type { Readable } from 'node:stream'
import pLimit from 'p-limit'

/** As many as a reading thread has under way. */
const PARALLEL = 4
const [uri = ''] = process.argv.slice(2)
const [scheme, , bucket = '', ...rest] = uri.split('/')
const prefix = rest.join('/')
const limit = pLimit(PARALLEL)

async function ofGcs(): Promise<Promise<number>[]> {
  const { Storage } = await import('@google-cloud/storage')
  const apiEndpoint = process.env['STORAGE_EMULATOR_HOST'] as string
  const client = new Storage({ apiEndpoint, useAuthWithCustomEndpoint: false, projectId: 'test' })
  client.baseUrl = `${apiEndpoint}/storage/v1`
  const [files] = await client.bucket(bucket).getFiles({ prefix })
  return files.map(file => limit(() => drained(file.createReadStream({ validation: false }))))
}

async function ofS3(): Promise<Promise<number>[]> {
  const { GetObjectCommand, ListObjectsV2Command, S3Client } = await import('@aws-sdk/client-s3')
  const client = new S3Client({ forcePathStyle: true })
  const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix })
  const { Contents = [] } = await client.send(list)
  const get = async (Key: string) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }))
    return drained(Body as Readable)
  }
  return Contents.map(({ Key = '' }) => limit(get, Key))
}

async function drained(body: Readable): Promise<number> {
  let bytes = 0
  body.on('data', chunk => {
    bytes += chunk.length
  })
  await new Promise((resolve, reject) => body.once('end', resolve).once('error', reject))
  return bytes
}

const counts = await Promise.all(await (scheme === 'gs:' ? ofGcs() : ofS3()))
const bytes = counts.reduce((sum, count) => sum + count, 0)
process.stdout.write(`${bytes}\n`, () => process.exit(bytes > 0 ? 0 : 1))
