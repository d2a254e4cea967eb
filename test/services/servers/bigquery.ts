/**
 * bqemulator: BigQuery's REST interface on DuckDB. It loads objects by reading fake-gcs-server's folder,
 * so one of these runs beside it: the one given, or one of its own.
 */
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { homeOf } from '../home.ts'
import { folderFor, freePort, launch } from '../process.ts'
import { answers, type Service, type StartOptions } from '../server.ts'
import { startGcs } from './gcs.ts'

const PROJECT = 'test'

export async function startBigquery(options: StartOptions): Promise<Service> {
  const gcs = options.gcs ?? (await startGcs())
  const [port, grpcPort] = [await freePort(), await freePort()]
  const home = homeOf('bigquery')
  const folder = folderFor('bigquery')
  // A home of its own, which it writes to, with the extensions that are installed.
  const own = join(folder, 'home')
  mkdirSync(own)
  symlinkSync(join(home, 'home/.duckdb'), join(own, '.duckdb'))
  const ports = ['--rest-port', `${port}`, '--grpc-port', `${grpcPort}`]
  const uri = `http://127.0.0.1:${port}`
  const running = await launch({
    name: 'bigquery',
    command: join(home, 'bin/bqemulator'),
    args: ['start', ...ports, '--project', PROJECT, '--log-level', 'warning'],
    env: { HOME: own, PYTHONPATH: home, BQEMU_GCS_LOCAL_ROOT: gcs.folder },
    folder,
    ready: async () => (await answers(`${uri}/healthz`)) && (await answers(`${uri}/readyz`)),
  })
  const env = { ...gcs.env, BIGQUERY_EMULATOR_HOST: uri, GOOGLE_CLOUD_PROJECT: PROJECT }
  const stop = async () => {
    await Promise.all([running.stop(), options.gcs ? undefined : gcs.stop()])
  }
  return { ...running, stop, name: 'bigquery', uri, port, folder, env }
}
