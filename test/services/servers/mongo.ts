/** SecantusDB: MongoDB's wire protocol, as a replica set of one. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { homeOf } from '../home.ts'
import { folderFor, freePort, launch } from '../process.ts'
import { accepts, type Service } from '../server.ts'

export async function startMongo(): Promise<Service> {
  const port = await freePort()
  const home = homeOf('mongo')
  const folder = folderFor('mongo')
  const data = join(folder, 'data')
  mkdirSync(data)
  const listen = ['--host', '127.0.0.1', '--port', `${port}`]
  const running = await launch({
    name: 'mongo',
    command: join(home, 'bin/secantusd-py'),
    args: [...listen, '--storage-path', data, '--cache-size', '256M', '--log-level', 'WARNING'],
    env: { PYTHONPATH: home },
    folder,
    signal: 'INT',
    ready: () => accepts(port),
  })
  const uri = `mongodb://127.0.0.1:${port}/?directConnection=true`
  return { ...running, name: 'mongo', uri, port, folder: data, env: { MONGODB_URI: uri } }
}
