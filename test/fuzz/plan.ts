/** A random pipeline from a seed: two tables, a chain of steps, and settings to run it in. */
import type { Pipeline } from 'millrace'
import { isNested } from '../../engine/data/kind.ts'
import { t } from '../../engine/data/schema.ts'
import type { RunOptions } from '../../engine/run/run.ts'
import { collectSink } from '../../testing/collect.ts'
import { type Random, randomOf, randomTable, type Table } from './random.ts'
import { rowsSource } from './rows-source.ts'
import type { Any, Flow } from './flow.ts'
import { steps } from './steps.ts'

export interface Plan {
  readonly options: Omit<RunOptions, 'pipeline'>
  readonly tables: Readonly<Record<'a' | 'b', Table>>
  build(p: Pipeline, out: string): void
  /** What was built: set by `build`. */
  readonly built: { steps: string[]; flow: Flow | null }
}

const STEPS_MAX = 7

export function randomPlan(seed: number): Plan {
  const r = randomOf(seed)
  const key = r.pick([t.int32, t.utf8])
  const rows = () => r.pick([0, 5, 40, 300, 300, 700, 2000])
  const tables = { a: randomTable(r, 'a', key, rows()), b: randomTable(r, 'b', key, rows()) }
  const perSplit = { a: r.pick([1e9, 700, 9]), b: r.pick([1e9, 50]) }
  const options = randomOptions(r)
  const planSeed = r.below(2 ** 31)
  const built: Plan['built'] = { steps: [], flow: null }
  const build = (p: Pipeline, out: string): void => {
    const read = (name: 'a' | 'b'): Flow => {
      const { schema } = tables[name]
      const of = p.read(rowsSource(name, tables[name], perSplit[name])) as Any
      const columns = schema.list.map(f => `"${f.name}"`).join(', ')
      // Tables in SQL have columns of plain kinds.
      const plain = Object.values(tables).every(({ schema: { list } }) =>
        list.every(f => !isNested(f.kind)),
      )
      return { of, schema, sql: plain ? `SELECT ${columns} FROM ${name}` : null, ordered: true }
    }
    const write = (name: string, of: Any) => of.write(collectSink(`${out}/${name}`) as never)
    built.steps = []
    const onePartition = options.partitions === 1
    built.flow = chain(randomOf(planSeed), { read, write, built, onePartition })
    write('rows', built.flow.of)
  }
  return { build, options, tables, built }
}

function chain(
  r: Random,
  o: {
    read(name: 'a' | 'b'): Flow
    write(name: string, of: Any): void
    built: Plan['built']
    onePartition: boolean
  },
): Flow {
  let flow = o.read('a')
  const other = o.read('b')
  let rejects = 0
  const reject = (of: Any) => o.write(`rejects ${rejects++}`, of)
  const queryable = r.chance(0.4)
  const count = 1 + r.below(STEPS_MAX)
  for (let i = 0; i < count; i++) {
    const name = r.pick(Object.keys(steps))
    const next = steps[name]?.(flow, { r, other, onePartition: o.onePartition, reject })
    if (!next || (queryable && next.sql === null)) continue
    o.built.steps.push(name)
    flow = next
  }
  return flow
}

function randomOptions(r: Random): Omit<RunOptions, 'pipeline'> {
  return {
    rowsPerBatch: r.pick([1, 7, 64, 1000, 65_536]),
    partitions: r.pick([1, 1, 3]),
    operatorBytes: r.pick([1 << 30, 4 << 10, 16 << 10, 64 << 10]),
    arenaBytes: r.pick([64 << 20, 64 << 20, 1]),
    maxRejects: 1,
  }
}
