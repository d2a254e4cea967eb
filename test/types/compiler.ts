/** Runs the TypeScript compiler over a few files, under a timeout and a cap of its memory. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))

export interface Checked {
  /** `file(line,column): error …`, of the files that were asked for. */
  readonly errors: readonly {
    readonly file: string
    readonly line: number
    readonly text: string
  }[]
  readonly instantiations: number
  /** Null: it ended by itself. */
  readonly stopped: 'time' | 'memory' | null
}
export interface Limits {
  readonly timeoutMs: number
  readonly memoryBytes: number
}

/** Checks sources, by file name, as if they lay in this folder; or files that do, where the text is null. */
export async function check(
  sources: Readonly<Record<string, string | null>>,
  limits: Limits,
): Promise<Checked> {
  // Inside this folder, so that 'millrace' resolves as it does for the files beside it.
  const folder = await mkdtemp(join(here, '.check-'))
  try {
    const files: string[] = []
    for (const [name, text] of Object.entries(sources)) {
      files.push(text === null ? `../${name}` : name)
      if (text !== null) await writeFile(join(folder, name), text)
    }
    const paths = { 'millrace/io': ['../../../transforms/io/index.ts', '../io.ts'] }
    const config = { extends: '../tsconfig.json', compilerOptions: { paths }, include: [], files }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
    return parse(await run(folder, limits), Object.keys(sources))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type Ran = { output: string; stopped: Checked['stopped'] }

function run(folder: string, { timeoutMs, memoryBytes }: Limits): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const args = [tsc, '-p', folder, '--pretty', 'false', '--extendedDiagnostics']
    // Its own process group: the launcher may start the compiler as a child.
    const child = spawn(process.execPath, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let stopped: Checked['stopped'] = null
    const stop = (why: 'time' | 'memory') => {
      stopped = why
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }
    const timer = setTimeout(stop, timeoutMs, 'time')
    const watch = setInterval(async () => {
      if (child.pid !== undefined && (await residentBytes(child.pid)) > memoryBytes) stop('memory')
    }, 100)
    child.stdout.on('data', d => {
      output += d
    })
    child.stderr.on('data', d => {
      output += d
    })
    child.on('error', reject)
    child.on('close', () => {
      clearTimeout(timer)
      clearInterval(watch)
      resolve({ output, stopped })
    })
  })
}

/** Of the process and its children; 0 where the system has no /proc. */
async function residentBytes(pid: number): Promise<number> {
  try {
    const [, pages] = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'))
      .split(' ')
      .filter(Boolean)
    const inner = await Promise.all(children.map(child => residentBytes(Number(child))))
    return Number(pages) * 4096 + inner.reduce((a, b) => a + b, 0)
  } catch {
    return 0
  }
}

function parse({ output, stopped }: Ran, files: readonly string[]): Checked {
  const errors = []
  for (const text of output.split('\n')) {
    const found = /^(.*?)\((\d+),\d+\): error /.exec(text)
    const file = found?.[1]?.split('/').at(-1) ?? ''
    if (found && files.includes(file)) errors.push({ file, line: Number(found[2]), text })
    // An error without a place is one of the settings.
    else if (text.startsWith('error ')) errors.push({ file: '', line: 0, text })
  }
  return {
    errors,
    instantiations: Number(/Instantiations:\s+(\d+)/.exec(output)?.[1] ?? 0),
    stopped,
  }
}
