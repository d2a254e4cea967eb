/** The `millrace` command as a user starts it, in a process of its own, and what it answers. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { FaultJson } from '../../engine/fault.ts'
import type { RunReport } from '../../engine/run/report.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const main = join(root, 'cli/main.ts')
/** A module of `test/faults/pipelines`, as it is named on a command line. */
export const moduleOf = (name: string): string => join('test/faults/pipelines', name)
/** A run that fails or is stopped leaves nothing, where otherwise `--resume` could take it up. */
export const keepNothing = ['--checkpoint-after', '3600']
export const retail = 'pipelines/retail/pipeline.ts'

export interface Answer {
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
}

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Answer>
  /** Resolves once standard error has said it. */
  said(text: RegExp): Promise<void>
}

/** A run with folders of its own. */
export interface Placed extends Started {
  readonly output: string
  readonly scratch: string
}

/** Starts it in the repository's root, in a process group of its own, so that a test can signal the group. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Started {
  const child = spawn(process.execPath, ['--conditions=millrace-source', main, ...args], {
    cwd: root,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, MILLRACE_LEDGER: 'none', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let out = ''
  let err = ''
  child.stdout?.on('data', data => {
    out += data
  })
  child.stderr?.on('data', data => {
    err += data
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, out, err }))
  const said = async (text: RegExp): Promise<void> => {
    while (!text.test(err))
      await Promise.race([
        once(child.stderr as NodeJS.ReadableStream, 'data'),
        ended.then(({ err: all }) => assert.match(all, text)),
      ])
  }
  return { child, ended, said }
}

export const command = (...args: readonly string[]): Promise<Answer> => start(args).ended

/** `run … --json` that must print one JSON object on standard output and nothing else there. */
export async function runJson(...args: readonly string[]): Promise<Answer & { report: RunReport }> {
  const answer = await command('run', ...args, '--json')
  return { ...answer, report: reportOf(answer) }
}

const KEYS = ['status', 'pipeline', 'runId', 'seconds', 'peakRssBytes', 'rows', 'bytes']

/** The object that `--json` printed, with each key that it always has. */
export function reportOf({ out, err }: Answer): RunReport {
  assert.match(out, /^\{.*\}\n$/, `standard output: ${out}\nstandard error: ${err}`)
  const report = JSON.parse(out)
  for (const key of [...KEYS, 'stages', 'outputs']) assert.ok(key in report, `${key} is missing`)
  const rows = ['created', 'filtered', 'merged', 'read', 'rejected', 'written']
  assert.deepEqual(Object.keys(report.rows).sort(), rows)
  assert.deepEqual(Object.keys(report.bytes).sort(), ['read', 'written'])
  for (const stage of report.stages)
    for (const key of ['name', 'rowsIn', 'rowsOut', 'seconds', 'spilledBytes'])
      assert.ok(key in stage, `stage: ${key} is missing`)
  for (const output of report.outputs)
    for (const key of ['uri', 'rows', 'bytes', 'files'])
      assert.ok(key in output, `output: ${key} is missing`)
  assert.equal('error' in report, report.status !== 'done')
  return report
}

export interface Expected {
  readonly kind: FaultJson['kind']
  readonly message: RegExp
  readonly at?: RegExp
  readonly detail?: RegExp
  readonly hint?: RegExp
  readonly code?: number
}

/** Runs what must fail: the object on standard output and the text on standard error say the same. */
export async function refused(args: readonly string[], expected: Expected): Promise<RunReport> {
  const { code, err, report } = await runJson(...args)
  const { error } = report
  assert.ok(error, `it did not fail: ${JSON.stringify(report)}`)
  assert.equal(error.kind, expected.kind, err)
  assert.match(error.message, expected.message)
  if (expected.at) assert.match(error.at ?? '', expected.at)
  if (expected.detail) assert.match(error.detail.join('\n'), expected.detail)
  if (expected.hint) assert.match(error.hint ?? '', expected.hint)
  assert.equal(code, expected.code ?? 1, err)
  assert.ok(err.includes(`: ${error.message}`), err)
  if (error.hint !== null) assert.ok(err.includes(`  hint  ${error.hint}`), err)
  return report
}

/** A folder that is removed after the tests of the file. */
export function workFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `millrace-${name}-`))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes a file of lines and answers its path. */
export function file(folder: string, name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** A CSV of `id,text` with texts that hardly compress, for what is to spill or to fill a disk. */
export function bulkyInput(folder: string, rows: number): string {
  const hash = (i: number): string => createHash('sha256').update(`${i}`).digest('base64')
  const lines = Array.from({ length: rows }, (_, i) => `${i},${hash(i)}\n`)
  return file(folder, 'in.csv', `id,text\n${lines.join('')}`)
}

/** Where a run reads, writes and spills, as the command's words. */
export const placeWords = (input: string, output: string, scratch: string): string[] => [
  ...['--input', input],
  ...['--output', output],
  ...['--scratch', scratch],
]
