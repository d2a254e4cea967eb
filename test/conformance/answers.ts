/** Answers of the interpreter and of the engine to the same pipeline, and how they are compared. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { isNested, type Kind } from '../../engine/data/kind.ts'
import { elementOf, structOf } from '../../engine/data/nested.ts'
import type { AnySchema } from '../../engine/data/schema.ts'
import { interpret } from '../../engine/compile/interpret.ts'
import { faultFromJson } from '../../engine/fault.ts'
import { buildPlan } from '../../engine/plan/build.ts'
import type { Definition } from '../../engine/plan/definition.ts'
import { is, type Node, type Row } from '../../engine/plan/node.ts'
import type { RunReport } from '../../engine/run/report.ts'
import { type RunOptions, runPipeline } from '../../engine/run/run.ts'
import { readRows } from '../../testing/collect.ts'

/** By output. */
export type Answer = ReadonlyMap<string, Output>
export interface Output {
  readonly schema: AnySchema
  readonly rows: readonly Row[]
}

type Params = Readonly<Record<string, unknown>>

/** What the plain interpreter answers. `read` gives the rows of sources. */
export async function interpreted(
  definition: Definition,
  params: Params = {},
  read: (node: Node<'read'>) => readonly Row[] = () => [],
): Promise<Answer> {
  const plan = buildPlan(definition, { ...params, out: '/answer' }, { id: 'r', startedAt: 0 })
  const { rows } = await interpret(plan, read)
  const answer = new Map<string, Output>()
  for (const node of plan.nodes) {
    if (!is(node, 'write')) continue
    const { schema } = node.inputs[0] as Node
    const output = node.op.sink.uri.slice('/answer/'.length)
    answer.set(output, { schema, rows: rows.get(node.id) as Row[] })
  }
  return answer
}

/** What the engine answers, for the outputs that are named; they have the schemas of `like`. */
export async function answered(
  like: Answer,
  { params = {}, ...options }: RunOptions,
): Promise<{ answer: Answer; report: RunReport }> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-conformance-'))
  try {
    const out = join(folder, 'out')
    const report = await runPipeline({ ...options, params: { ...params, out }, scratch: folder })
    if (report.error) throw faultFromJson(report.error)
    const answer = new Map<string, Output>()
    for (const [output, { schema }] of like)
      answer.set(output, { schema, rows: rowsIn(join(out, output)) })
    return { answer, report }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const rowsIn = (folder: string): Row[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .flatMap(file => readRows(join(folder, file)))
    : []

/**
 * Fails where an output has other rows, or, where `ordered` says so, another order of them. Floats may
 * differ by their last digits: whoever adds them in another order gets another sum.
 */
export function compare(
  actual: Answer,
  expected: Answer,
  ordered: (output: string) => boolean,
): void {
  assert.deepEqual([...actual.keys()], [...expected.keys()])
  for (const [output, { schema, rows }] of expected) {
    const got = (actual.get(output) as Output).rows
    const [a, e] = ordered(output) ? [got, rows] : [sorted(schema, got), sorted(schema, rows)]
    assert.equal(a.length, e.length, `${output}: ${a.length} rows, expected ${e.length}`)
    for (let i = 0; i < e.length; i++)
      if (!sameRow(schema, a[i] as Row, e[i] as Row))
        assert.deepEqual(a[i], e[i], `${output}, row ${i}`)
  }
}

const isFloat = ({ tag }: Kind): boolean => tag === 'float32' || tag === 'float64'

function sameRow({ list }: AnySchema, a: Row, b: Row): boolean {
  if (Object.keys(a).length !== list.length) return false
  return list.every(({ name, kind }) => same(kind, a[name], b[name]))
}

/** -0 is 0, and one NaN another. */
function same(kind: Kind, a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') {
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true
    return isFloat(kind) && Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0
  if (a === null || b === null || !isNested(kind)) return a === b
  if (kind.tag === 'json') return isDeepStrictEqual(a, b)
  if (kind.tag === 'struct') return sameRow(structOf(kind), a as Row, b as Row)
  const [left, right] = [a as unknown[], b as unknown[]]
  return left.length === right.length && left.every((v, i) => same(elementOf(kind), v, right[i]))
}

/** By their exact columns first, and by few digits of their floats. */
function sorted({ list }: AnySchema, rows: readonly Row[]): Row[] {
  const keys = new Map(
    rows.map(row => {
      const exact = list.filter(f => !isFloat(f.kind)).map(f => told(row[f.name]))
      const floats = list.filter(f => isFloat(f.kind)).map(f => told(row[f.name]))
      return [row, JSON.stringify([exact, floats])]
    }),
  )
  return rows.toSorted((a, b) => ((keys.get(a) as string) < (keys.get(b) as string) ? -1 : 1))
}

function told(value: unknown): unknown {
  if (typeof value === 'number') return `f${Number(value.toPrecision(9)) + 0}`
  if (typeof value === 'bigint') return `n${value}`
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  const parts = typeof value === 'object' && value !== null
  return parts ? Object.entries(value).map(([name, part]) => [name, told(part)]) : value
}
