/** fake-gcs-server: Google Cloud Storage's JSON API over a folder, a folder a bucket. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { homeOf } from '../home.ts'
import { folderFor, freePort, launch } from '../process.ts'
import { answers, type Service } from '../server.ts'

export async function startGcs(): Promise<Service> {
  const port = await freePort()
  const uri = `http://127.0.0.1:${port}`
  const folder = folderFor('gcs')
  const objects = join(folder, 'objects')
  mkdirSync(objects)
  const listen = ['-scheme', 'http', '-host', '127.0.0.1', '-port', `${port}`]
  const names = ['-public-host', `127.0.0.1:${port}`, '-external-url', uri]
  const running = await launch({
    name: 'gcs',
    command: join(homeOf('gcs'), 'bin/fake-gcs-server'),
    args: [...listen, ...names, '-backend', 'filesystem', '-filesystem-root', objects],
    folder,
    ready: () => answers(`${uri}/_internal/healthcheck`),
  })
  return {
    ...running,
    name: 'gcs',
    uri,
    port,
    folder: objects,
    env: { STORAGE_EMULATOR_HOST: uri },
  }
}
