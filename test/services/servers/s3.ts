/** versitygw: S3 over a folder, a folder a bucket. Signatures are checked; the keys are made up here. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { homeOf } from '../home.ts'
import { folderFor, freePort, launch } from '../process.ts'
import { accepts, type Service } from '../server.ts'

const ACCESS = 'millrace-test'
const SECRET = 'millrace-test-secret'

export async function startS3(): Promise<Service> {
  const port = await freePort()
  const uri = `http://127.0.0.1:${port}`
  const folder = folderFor('s3')
  const objects = join(folder, 'objects')
  mkdirSync(objects)
  const running = await launch({
    name: 's3',
    command: join(homeOf('s3'), 'bin/versitygw'),
    args: ['--port', `127.0.0.1:${port}`, '--quiet', '--keep-alive', 'posix', objects],
    // Not as arguments, which every user of the machine can list.
    env: { ROOT_ACCESS_KEY: ACCESS, ROOT_SECRET_KEY: SECRET },
    folder,
    ready: () => accepts(port),
  })
  const env = {
    AWS_ENDPOINT_URL_S3: uri,
    AWS_ACCESS_KEY_ID: ACCESS,
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_REGION: 'us-east-1',
    // A profile of the user's has no say in a test.
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  return { ...running, name: 's3', uri, port, folder: objects, env }
}
