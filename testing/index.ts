/**
 * `millrace/testing`: runs a pipeline on rows, in this process, and answers what its collections
 * hold. The same engine as `millrace run`, on one thread, so that a debugger's breakpoints work.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fields, RowOf } from '../engine/data/schema.ts'
import { faultFromJson } from '../engine/fault.ts'
import type { RunReport } from '../engine/run/report.ts'
import { type RunOptions, runPipeline } from '../engine/run/run.ts'
import type { PCollection } from '../transforms/pcollection.ts'
import { type Pipeline, pipeline } from '../transforms/pipeline.ts'
import type { Sink } from '../transforms/write.ts'
import { collectSink, readRows } from './collect.ts'

// biome-ignore lint/suspicious/noExplicitAny: collections of whatever fields
type Collections = { readonly [name: string]: PCollection<any> }
type RowsOf<C extends Collections> = {
  readonly [N in keyof C]: C[N] extends PCollection<infer F extends Fields> ? RowOf<F>[] : never
}

export interface TestResult<C extends Collections> {
  readonly rows: RowsOf<C>
  readonly report: RunReport
}

export type TestOptions = Omit<RunOptions, 'pipeline' | 'params'>

/**
 * Runs the collections that `build` answers and gives their rows, in order.
 *
 * Shape   (Pipeline → { name: PCollection }) → { rows: { name: rows }, report }
 * Cost    one thread; rows are kept in memory
 * Throws  what the run failed with
 * @example
 * const { rows } = await runRows(p => ({ big: p.create(Line, lines).filter(l => l.quantity > 100) }))
 * assert.deepEqual(rows.big, [])
 */
export async function runRows<C extends Collections>(
  build: (p: Pipeline) => C,
  options: TestOptions = {},
): Promise<TestResult<C>> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  const names: string[] = []
  const definition = pipeline({
    name: 'test',
    build(p) {
      names.length = 0
      for (const [name, collection] of Object.entries(build(p))) {
        names.push(name)
        collection.write(collectSink(join(folder, `${names.length - 1}`)) as unknown as Sink<never>)
      }
    },
  })
  try {
    const report = await runPipeline({
      overwrite: true,
      maxRejects: 1,
      ...options,
      pipeline: definition,
    })
    if (report.error) throw faultFromJson(report.error)
    const rows = Object.fromEntries(names.map((name, i) => [name, collected(join(folder, `${i}`))]))
    return { rows: rows as unknown as RowsOf<C>, report }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const collected = (folder: string): unknown[] =>
  readdirSync(folder)
    .sort()
    .flatMap(file => readRows(join(folder, file)))
