/**
 * Skew: a partition of an exchange with far more rows than its share means a hot key, whose task will
 * keep one worker busy while the others wait. Which key it is, a sample of the partition tells.
 */
import { columnOf } from '../data/batch.ts'
import { indexOf } from '../data/schema.ts'
import { readValue } from '../data/value.ts'
import type { Exchange } from '../compile/stages.ts'
import type { Arena } from './exchange/arena.ts'
import type { BlockHandle } from './exchange/block.ts'
import { partitionOf } from './exchange/reader.ts'
import type { StageRun } from './stage-run.ts'

export interface Skew {
  /** The step that brings rows together. */
  readonly step: string
  readonly keys: readonly string[]
  /** The key that most of the partition's rows have, as JSON; null where no key stands out. */
  readonly key: string | null
  /** Of the partition. */
  readonly rows: number
  /** Of all rows of the exchange. */
  readonly share: number
}

const ROWS_MIN = 100_000
/** Times the mean of a partition. */
const TIMES = 4
const BLOCKS_SAMPLED = 16
const ROWS_SAMPLED = 256
/** Of the sample, for a key to be named. */
const SHARE_MIN = 0.5

/** The exchanges that a stage filled unevenly, once all of its tasks are done. */
export function skewOf(run: StageRun, arena: Arena): Skew[] {
  return run.stage.terminals.flatMap(terminal =>
    terminal.exchanges.flatMap(exchange => {
      const outputs = run.results.flatMap(
        r => r?.outputs.filter(o => o.exchange === exchange.id) ?? [],
      )
      const [first] = outputs
      if (!first || first.rows.length < 2 || exchange.keys.length === 0) return []
      const rows = first.rows.map((_, p) => outputs.reduce((sum, o) => sum + (o.rows[p] ?? 0), 0))
      const total = rows.reduce((a, b) => a + b, 0)
      const most = Math.max(...rows)
      if (most < ROWS_MIN || most < (TIMES * total) / rows.length) return []
      const blocks = outputs.flatMap(o => o.blocks[rows.indexOf(most)] ?? [])
      const split = run.tasks[0]?.partitions.find(p => p.exchange === exchange.id)
      const keys = split?.keys ?? exchange.keys
      const key = hottest({ ...exchange, keys }, blocks, arena)
      const step = terminal.node.name
      return [{ step, keys, key, rows: most, share: most / total }]
    }),
  )
}

/** The key that most rows of a sample have. */
function hottest(exchange: Exchange, blocks: readonly BlockHandle[], arena: Arena): string | null {
  const every = Math.ceil(blocks.length / BLOCKS_SAMPLED)
  const some = blocks.filter((_, i) => i % every === 0)
  const counts = new Map<string, number>()
  let sampled = 0
  for (const batch of partitionOf(some, arena, exchange.schema).batches()) {
    const columns = exchange.keys.map(name => columnOf(batch, indexOf(exchange.schema, name)))
    const step = Math.ceil(batch.rows / ROWS_SAMPLED)
    for (let row = 0; row < batch.rows; row += step) {
      const key = JSON.stringify(columns.map(c => readable(readValue(c, row))))
      counts.set(key, (counts.get(key) ?? 0) + 1)
      sampled++
    }
  }
  const [top] = [...counts].sort(([, a], [, b]) => b - a)
  return top && top[1] >= sampled * SHARE_MIN ? top[0].slice(1, -1) : null
}

const readable = (value: unknown): unknown =>
  typeof value === 'bigint' ? `${value}` : value instanceof Uint8Array ? '(bytes)' : value
