/** Someone who knows nothing of this repository: their environment, and the Node that their host has. */
import { spawnSync } from 'node:child_process'
import { delimiter, join } from 'node:path'

const NEEDED = 26
const OURS = /^(?:npm_(?!config_)|npm_config_local_prefix$|INIT_CWD$|NODE$|NODE_)/

/** Without what `npm run` and the test runner add; a package cache that is set stays set. */
export function strangersEnv(): NodeJS.ProcessEnv {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name)))
  const added = [join('node_modules', '.bin'), 'node-gyp-bin']
  const folders = (process.env.PATH ?? '').split(delimiter)
  env.PATH = folders.filter(folder => !added.some(end => folder.endsWith(end))).join(delimiter)
  return env
}

export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a command to its end, as the stranger. */
export function run(command: string, args: readonly string[], cwd: string): Ran {
  const ran = spawnSync(command, args, {
    cwd,
    env: strangersEnv(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
    maxBuffer: 64 * 2 ** 20,
  })
  if (ran.error) throw ran.error
  return { code: ran.status, out: ran.stdout, err: ran.stderr }
}

export interface HostNode {
  readonly path: string
  /** Why a test that needs a Node that is too old cannot run here; false where it can. */
  readonly skip: string | false
}

export function hostNode(): HostNode {
  const args = ['-p', 'process.execPath + "\\n" + process.versions.node']
  const found = spawnSync('node', args, { env: strangersEnv(), encoding: 'utf8' })
  const [path = '', version = ''] = (found.stdout ?? '').trim().split('\n')
  if (version === '') return { path: '', skip: 'the host has no Node of its own' }
  const old = Number.parseInt(version, 10) < NEEDED
  return { path, skip: old ? false : `the host's Node is ${version}, new enough` }
}
