/** For the heads' tests: runs one over rows, and asks the interpreter for what should come out. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { interpret } from '../../compile/interpret.ts'
import { eachRow, RowBuilder, rowReader } from '../../compile/rows.ts'
import { type AnySchema, schema as schemaOfKinds, t } from '../../data/schema.ts'
import type { Node, OperationType, Operations, Plan, Row } from '../../plan/node.ts'
import { Ledger, type Terms } from '../account.ts'
import { TaskSpill } from '../exchange/spill.ts'
import type { Partition, TaskContext } from '../operator.ts'
import { headOf } from './index.ts'

export interface Input {
  readonly schema: AnySchema
  readonly rows: readonly Row[]
}
export interface Ran {
  readonly rows: Row[]
  readonly terms: Terms
  readonly spilledBytes: number
}
export interface RunOptions {
  readonly memoryBytes?: number
  readonly rowsPerBatch?: number
  readonly blockBytes?: number
}

export const PLENTY = 1 << 30
/** So little that every table overflows at once. */
export const TINY = 1 << 12

/** A node over inputs that the interpreter is given as reads. */
export function nodeOf<T extends OperationType>(
  type: T,
  op: Operations[T],
  { inputs, schema }: { inputs: readonly Input[]; schema: AnySchema },
): Node<T> {
  const reads = inputs.map(
    (input, id) =>
      ({
        id,
        type: 'read',
        op: {},
        inputs: [],
        schema: input.schema,
        name: `in ${id}`,
        at: '',
      }) as unknown as Node,
  )
  return { id: inputs.length, type, op, inputs: reads, schema, name: type, at: `there:1  .${type}` }
}

export async function expected(node: Node, inputs: readonly Input[]): Promise<readonly Row[]> {
  const plan: Plan = {
    name: 'p',
    nodes: [...node.inputs, node],
    publishes: [],
    fingerprint: '',
    built: [],
  }
  const ran = await interpret(plan, read => (inputs[read.id] as Input).rows)
  return ran.rows.get(node.id) as readonly Row[]
}

export function partitionOfRows({ schema, rows }: Input, spill: TaskSpill): Partition {
  const writer = spill.open(schema)
  const builder = new RowBuilder(schema, 100)
  for (const row of rows) {
    if (builder.full) writer.write(builder.take())
    builder.append(row)
  }
  writer.write(builder.take())
  return writer.close()
}

export function newTask(spill: TaskSpill, account: Ledger, o: RunOptions = {}): TaskContext {
  const { memoryBytes = PLENTY, rowsPerBatch = 64 } = o
  const reject = () => {}
  return { memoryBytes, rowsPerBatch, spill, account, runId: 'r', startedAt: 0, reject }
}

export async function runHead(
  node: Node,
  inputs: readonly Input[],
  o: RunOptions = {},
): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-heads-'))
  try {
    const source = new TaskSpill(join(folder, 'in'), { blockBytes: o.blockBytes ?? 2048 })
    const spill = new TaskSpill(join(folder, 'spill'), { blockBytes: o.blockBytes ?? 2048 })
    const ledger = new Ledger()
    const rows: Row[] = []
    const read = rowReader(node.schema)
    const partitions = inputs.map(input => partitionOfRows(input, source))
    const head = headOf(
      node,
      inputs.map(i => i.schema),
    )
    await head.run(
      partitions,
      async batch => {
        const row = read(batch)
        eachRow(batch, i => rows.push(row(i)))
        // Whoever keeps rows copies them: the next batch may come only after this one is done with.
        await null
      },
      newTask(spill, ledger, o),
    )
    ledger.check({
      name: 'p',
      nodes: [...node.inputs, node],
      publishes: [],
      fingerprint: '',
      built: [],
    })
    return { rows, terms: ledger.of(node.id), spilledBytes: spill.spilledBytes }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A seeded generator: a number below the bound. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed | 0
  return below => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x1e3779b9
    return ((state ^ (state >>> 13)) >>> 0) % below
  }
}

const WORDS = [
  '',
  'a',
  'ab',
  'a\0',
  'Zürich',
  '\u{1F600}',
  '\uFFFD',
  'abcdefg',
  'abcdefh',
  'x'.repeat(50),
]

/** Values of a kind, few enough that they repeat. */
export const VALUES = {
  int: (r: (below: number) => number) => r(9) - 4,
  float: (r: (below: number) => number) => [0, -0, NaN, Infinity, -Infinity, 1.5, -2, 1e300][r(8)],
  text: (r: (below: number) => number) => WORDS[r(WORDS.length)],
  bytes: (r: (below: number) => number) => Buffer.from(WORDS[r(4)] as string),
  big: (r: (below: number) => number) => BigInt(r(7) - 3) * 5_000_000_000n,
  wide: (r: (below: number) => number) => (r(7) - 3) * 1e9,
  bool: (r: (below: number) => number) => r(2) === 0,
  date: (r: (below: number) => number) => (r(9) - 4) * 86_400_000,
} as const
export type Domain = keyof typeof VALUES

const KINDS = {
  int: t.int32,
  float: t.float64,
  text: t.utf8,
  bytes: t.bytes,
  big: t.bigint,
  wide: t.decimal(20, 2),
  bool: t.bool,
  date: t.date,
} as const

/** Rows with the columns named by domain; a name with `?` at its end has nulls. */
export function randomInput(columns: Record<string, string>, rows: number, seed: number): Input {
  const random = randomOf(seed)
  const entries = Object.entries(columns).map(([name, domain]) => {
    const optional = domain.endsWith('?')
    const of = domain.replace('?', '') as Domain | 'id'
    return { name, optional, of }
  })
  const schema = schemaOfKinds(
    Object.fromEntries(
      entries.map(({ name, optional, of }) => {
        const kind = of === 'id' ? t.int32 : KINDS[of]
        return [name, optional ? kind.nullable : kind]
      }),
    ),
  )
  const made = Array.from({ length: rows }, (_, i) =>
    Object.fromEntries(
      entries.map(({ name, optional, of }) => {
        if (optional && random(5) === 0) return [name, null]
        const value = of === 'id' ? i : VALUES[of](random)
        return [name, value instanceof Uint8Array ? Uint8Array.from(value) : value]
      }),
    ),
  )
  return { schema, rows: made }
}
