/**
 * Skew: a partition of an exchange with far more rows than its share means a hot key, whose task will
 * keep one worker busy while the others wait.
 */
import type { StageRun } from './stage-run.ts'

export interface Skew {
  /** The step that brings rows together. */
  readonly step: string
  readonly keys: readonly string[]
  readonly rows: number
  /** Of all rows of the exchange. */
  readonly share: number
}

const ROWS_MIN = 100_000
/** Times the mean of a partition. */
const TIMES = 4

/** The exchanges that a stage filled unevenly, once all of its tasks are done. */
export function skewOf(run: StageRun): Skew[] {
  return run.stage.terminals.flatMap(terminal =>
    terminal.exchanges.flatMap(exchange => {
      const outputs = run.results.flatMap(
        r => r?.outputs.filter(o => o.exchange === exchange.id) ?? [],
      )
      const [first] = outputs
      if (!first || first.rows.length < 2) return []
      const rows = first.rows.map((_, p) => outputs.reduce((sum, o) => sum + (o.rows[p] ?? 0), 0))
      const total = rows.reduce((a, b) => a + b, 0)
      const most = Math.max(...rows)
      if (most < ROWS_MIN || most < (TIMES * total) / rows.length) return []
      return [{ step: terminal.node.name, keys: exchange.keys, rows: most, share: most / total }]
    }),
  )
}
