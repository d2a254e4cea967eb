/**
 * One run of a contestant as a process of its own, from start to exit. Time and memory are measured
 * in runs apart: reading a process's memory map locks it, which took up to a tenth of the time.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { engineEnv } from '../../cli/engine-env.ts'
import type { Tool } from '../case.ts'
import { commandOf, type Entry } from '../contestants/commands.ts'
import { treeBytes } from './process-tree.ts'

export interface Measured {
  readonly seconds: number
  /** Of all its processes together, sampled; 0 where it was not watched. */
  readonly peakBytes: number
}

const SAMPLE_MS = 10
/** On the first core alone. */
const PINNED = ['taskset', '-c', '0']

/** Throws Error: the contestant failed, with what it said. */
export async function measure(
  tool: Tool,
  entry: Entry,
  watch: 'time' | 'memory',
): Promise<Measured> {
  const { output } = entry.places
  rmSync(output, { recursive: true, force: true })
  mkdirSync(output, { recursive: true })
  const threads = { ...process.env, POLARS_MAX_THREADS: String(entry.threads) }
  // What the command would give to the engine's process, which the bench starts itself.
  const env = tool.startsWith('millrace') ? engineEnv(threads) : threads
  const started = performance.now()
  const words = [process.execPath, ...commandOf(tool, entry)]
  const [program, ...args] = entry.pinned ? [...PINNED, ...words] : words
  const child = spawn(program as string, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  })
  let peakBytes = 0
  const sample = () => {
    peakBytes = Math.max(peakBytes, treeBytes(child.pid as number))
  }
  const timer = watch === 'memory' ? setInterval(sample, SAMPLE_MS) : undefined
  try {
    await ended(tool, child)
  } finally {
    clearInterval(timer)
  }
  return { seconds: (performance.now() - started) / 1000, peakBytes }
}

async function ended(tool: Tool, child: ChildProcessByStdio<null, Readable, Readable>) {
  let said = ''
  const listen = (text: Buffer) => {
    said = `${said}${text}`.slice(-4000)
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  // A bench that is interrupted leaves no contestant behind to write into a folder that is removed.
  const kill = () => child.kill('SIGKILL')
  process.prependOnceListener('exit', kill)
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
    if (code !== 0) throw new Error(`${tool} ended with ${signal ?? code}: ${said.trim()}`)
  } finally {
    process.off('exit', kill)
  }
}
