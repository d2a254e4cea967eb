/**
 * Millrace as its users have it: built, and installed in a folder of its own, where the cases'
 * pipelines stand beside it. From the source Node strips the types of every module in every thread,
 * which took 0.3 s of a run and more.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What Node is started with, and where the pipelines lie. */
export interface Installed {
  /** The engine in the process itself. */
  readonly command: readonly string[]
  /** `millrace run`, as users start it: its guarding process, and the engine in a child. */
  readonly guarded: readonly string[]
  readonly pipelines: string
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const pipelines = join(root, 'bench/pipelines')

/** Runs the sources as they are: for tests, whose time does not count. */
export const fromSource = (): Installed => ({
  command: ['--conditions=millrace-source', join(root, 'cli/run-direct.ts')],
  guarded: ['--conditions=millrace-source', join(root, 'cli/main.ts'), 'run'],
  pipelines,
})

/** Builds and installs into `folder`, which is made anew. Throws Error: the sources do not compile. */
export function install(folder: string): Installed {
  const home = join(folder, 'node_modules/millrace')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(home, { recursive: true })
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), join(home, 'dist')], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  copyFileSync(join(root, 'package.json'), join(home, 'package.json'))
  mkdirSync(join(home, 'cli'))
  copyFileSync(join(root, 'cli/launch.cjs'), join(home, 'cli/launch.cjs'))
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  cpSync(pipelines, join(folder, 'pipelines'), { recursive: true })
  return {
    command: [join(home, 'dist/cli/run-direct.js')],
    guarded: [join(home, 'cli/launch.cjs'), 'run'],
    pipelines: join(folder, 'pipelines'),
  }
}
