/** For tests: a fresh bucket on a real server, filled through the service's own client. */
import { randomBytes } from 'node:crypto'
import { S3Client } from '@aws-sdk/client-s3'
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { Storage } from '@google-cloud/storage'
import { type Service, serverOf } from './services.ts'

export interface Bucket {
  /** `gs://name`, without a slash at its end. */
  readonly uri: string
  readonly service: Service
  put(name: string, bytes: Uint8Array | string, o?: { encoding?: string }): Promise<void>
  remove(name: string): Promise<void>
}

/** The clients of this process are pointed at the server for good: one of each a test file. */
export async function bucketOn(scheme: 'gs' | 's3'): Promise<Bucket> {
  const service = await serverOf(scheme === 'gs' ? 'gcs' : 's3')
  Object.assign(process.env, service.env)
  const name = `millrace-${randomBytes(6).toString('hex')}`
  return scheme === 'gs' ? onGcs(service, name) : onS3(service, name)
}

async function onGcs(service: Service, name: string): Promise<Bucket> {
  const apiEndpoint = service.uri
  const client = new Storage({ apiEndpoint, useAuthWithCustomEndpoint: false, projectId: 'test' })
  client.baseUrl = `${apiEndpoint}/storage/v1`
  await client.createBucket(name)
  const bucket = client.bucket(name)
  return {
    uri: `gs://${name}`,
    service,
    async put(object, bytes, o = {}) {
      const metadata = o.encoding === undefined ? {} : { contentEncoding: o.encoding }
      await bucket.file(object).save(Buffer.from(bytes), { resumable: false, metadata })
    },
    async remove(object) {
      await bucket.file(object).delete()
    },
  }
}

async function onS3(service: Service, name: string): Promise<Bucket> {
  const client = new S3Client({ forcePathStyle: true, endpoint: service.uri })
  await client.send(new CreateBucketCommand({ Bucket: name }))
  return {
    uri: `s3://${name}`,
    service,
    async put(Key, bytes, o = {}) {
      const encoding = o.encoding === undefined ? {} : { ContentEncoding: o.encoding }
      const Body = Buffer.from(bytes)
      await client.send(new PutObjectCommand({ Bucket: name, Key, Body, ...encoding }))
    },
    async remove(Key) {
      await client.send(new DeleteObjectCommand({ Bucket: name, Key }))
    },
  }
}
