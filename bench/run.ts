/**
 * `npm run bench`: each case beside DuckDB and Polars, every tool in a process of its own, on the same
 * files with the same threads. Answers are compared first; then the tools take turns, and medians are
 * printed with their spread and written to `bench/results.md`.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { generateRetail } from '../pipelines/retail/generate/index.ts'
import { table } from '../cli/units.ts'
import { type Case, cases } from './cases.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const THREADS = '2'
const argument = (name: string, fallback: number): number => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? fallback : Number(process.argv[at + 1])
}
const ROWS = argument('rows', 4_000_000)
const ROUNDS = argument('rounds', 5)
const only = process.argv.includes('--case')
  ? process.argv[process.argv.indexOf('--case') + 1]
  : null

const TOOLS = ['millrace', 'duckdb', 'polars'] as const
type Tool = (typeof TOOLS)[number]

interface Measured {
  readonly seconds: number
  readonly peakBytes: number
  readonly stdout: string
}

const folder = join(tmpdir(), `millrace-bench-${ROWS}`)
const input = join(folder, 'in', '*.csv')
const out = (tool: Tool) => join(folder, `out-${tool}`)

/** One run of a tool, timed as a process, with the peak resident memory of all its processes together. */
async function measure(tool: Tool, c: Case): Promise<Measured> {
  rmSync(out(tool), { recursive: true, force: true })
  const commands: Record<Tool, string[]> = {
    millrace: [
      '--conditions=millrace-source',
      here('../cli/run-direct.ts'),
      here('./pipelines.ts'),
      '--case',
      c.id,
      '--input',
      input,
      '--output',
      out(tool),
      '--workers',
      THREADS,
    ],
    duckdb: [here('./contestants/duckdb.ts'), c.id, input, out(tool), THREADS],
    polars: [here('./contestants/polars.ts'), c.id, input, out(tool)],
  }
  const started = performance.now()
  const env = { ...process.env, POLARS_MAX_THREADS: THREADS }
  const child = spawn(process.execPath, commands[tool], { stdio: ['ignore', 'pipe', 'pipe'], env })
  let stdout = ''
  let stderr = ''
  let peakBytes = 0
  child.stdout.on('data', d => {
    stdout += d
  })
  child.stderr.on('data', d => {
    stderr += d
  })
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentBytes(child.pid as number))
  }, 10)
  const code = await new Promise(resolve => child.on('close', resolve))
  clearInterval(timer)
  const seconds = (performance.now() - started) / 1000
  if (code !== 0) throw new Error(`${tool} failed on (${c.id}): ${stderr || stdout}`)
  return { seconds, peakBytes, stdout }
}

/** VmHWM: the process's own high-water mark. */
function residentBytes(pid: number): number {
  try {
    const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return Number(found?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

/** What the tool answered, in one form: rows of text, sorted. */
async function answer(tool: Tool, c: Case, measured: Measured): Promise<string> {
  if (c.check) return rowsText(await ask(c.check.replaceAll('{out}', out(tool))))
  if (tool !== 'millrace') return rowsText(JSON.parse(measured.stdout) as unknown[][])
  const lines = readdirSync(out(tool), { recursive: true, encoding: 'utf8' })
    .filter(f => f.endsWith('.ndjson'))
    .flatMap(f =>
      readFileSync(join(out(tool), f), 'utf8')
        .trim()
        .split('\n'),
    )
  return rowsText(lines.map(l => Object.values(JSON.parse(l) as object)))
}

/** Numbers to six significant digits past the point that floats of other tools reach; months as yyyy-mm. */
const rowsText = (rows: readonly (readonly unknown[])[]): string =>
  rows
    .map(row =>
      row
        .map(v => {
          const text = String(v)
          if (/^\d{4}-\d\d-\d\d$/.test(text)) return text.slice(0, 7)
          return text !== '' && Number.isFinite(Number(text)) ? Number(text).toPrecision(10) : text
        })
        .join('|'),
    )
    .sort()
    .join('\n')

async function ask(sql: string): Promise<unknown[][]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const rows = (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][]
  connection.closeSync()
  return rows
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number

async function main(): Promise<void> {
  if (!existsSync(join(folder, 'in'))) {
    mkdirSync(folder, { recursive: true })
    process.stderr.write(`generating ${ROWS} rows\n`)
    await generateRetail({
      rows: ROWS,
      files: 8,
      seed: 1,
      folder: join(folder, 'in'),
      mess: 'none',
    })
  }
  const rows: string[][] = []
  for (const c of cases) {
    if (only !== null && c.id !== only) continue
    const tools: Tool[] = []
    let expected: string | null = null
    for (const tool of ['duckdb', 'millrace', 'polars'] as const) {
      try {
        const got = await answer(tool, c, await measure(tool, c))
        expected ??= got
        if (got !== expected)
          throw new Error(
            `another answer:\n${got.slice(0, 300)}\nexpected\n${expected.slice(0, 300)}`,
          )
        tools.push(tool)
      } catch (error) {
        process.stderr.write(`(${c.id}) ${tool} is left out: ${(error as Error).message}\n`)
        if (tool === 'millrace') process.exitCode = 1
      }
    }
    const times = new Map<Tool, number[]>(tools.map(t => [t, []]))
    const peaks = new Map<Tool, number>()
    for (let round = 0; round < ROUNDS; round++)
      for (const tool of tools) {
        const { seconds, peakBytes } = await measure(tool, c)
        times.get(tool)?.push(seconds)
        peaks.set(tool, Math.max(peaks.get(tool) ?? 0, peakBytes))
        process.stderr.write(`(${c.id}) round ${round + 1} ${tool} ${seconds.toFixed(2)} s\n`)
      }
    const of = (tool: Tool) => median(times.get(tool) ?? [Number.NaN])
    const ratio = (tool: Tool) =>
      tools.includes(tool) ? (of(tool) / of('millrace')).toFixed(2) : ''
    const cell = (tool: Tool) =>
      tools.includes(tool)
        ? `${of(tool).toFixed(2)} (${Math.min(...(times.get(tool) ?? [])).toFixed(2)}–${Math.max(...(times.get(tool) ?? [])).toFixed(2)})`
        : 'other answer'
    const peak = (tool: Tool) =>
      peaks.has(tool) ? `${Math.round((peaks.get(tool) as number) / 1e6)}` : ''
    rows.push([
      `(${c.id}) ${c.title}`,
      cell('millrace'),
      cell('duckdb'),
      cell('polars'),
      ratio('duckdb'),
      ratio('polars'),
      TOOLS.map(peak).join(' / '),
    ])
  }
  const head = [
    'case',
    'Millrace s',
    'DuckDB s',
    'Polars s',
    'DuckDB / Millrace',
    'Polars / Millrace',
    'peak MB (M / D / P)',
  ]
  process.stdout.write(`${table(head, rows)}\n`)
  if (only === null) write(head, rows)
}

function write(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const version = (name: string) =>
    (
      JSON.parse(readFileSync(here(`../node_modules/${name}/package.json`), 'utf8')) as {
        version: string
      }
    ).version
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const text = [
    '# Results',
    '',
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, DuckDB ${version('@duckdb/node-api')}, Polars ${version('nodejs-polars')}.`,
    `${ROWS.toLocaleString('en-US')} rows of generated retail CSV in 8 files, ${THREADS} threads each, ${ROUNDS} rounds in turn, whole processes: median (least–most). Answers were compared first.`,
    '',
    line(head),
    line(head.map(() => '---')),
    ...rows.map(line),
    '',
  ].join('\n')
  writeFileSync(here('./results.md'), text)
}

await main()
