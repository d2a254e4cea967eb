/**
 * distinct, begun before its exchange (as aggregates are): of rows that are equal, a task sends the
 * first only. The first of a task's rows is also first among all tasks', so rows, their order and
 * their count stay as they were. Where most rows differ the table would cost more than it saves: after
 * some thousands of rows it is given up for the rest of the task. That depends on the rows alone.
 *
 * distinctBy is not begun early: its rows would have to be held until the task ends.
 */
import { GroupTable } from '../compile/aggregate/group-table.ts'
import type { StageScope } from '../compile/kernel.ts'
import type { Batch } from '../data/batch.ts'
import type { Node } from '../plan/node.ts'
import type { Awaitable, Operator } from './operator.ts'

/**
 * The share of new rows, after so many, at which the table is given up. The first look is early, as
 * 4,096 rows of eight columns cost 5 % of a whole run where none repeats; 0.9 of 1,024 rows are new
 * where there are some 5,000 different ones, few of a task's rows.
 */
const SAMPLE_ROWS = 1 << 10
const NEW_SHARE_MAX = 0.9
const LATER_ROWS = 1 << 14
const LATER_SHARE_MAX = 0.5
/** The table starts anew past either: what it then forgets is sent twice, and merged beyond. */
const GROUPS_MAX = 1 << 16
const TABLE_BYTES_MAX = 16 << 20

export class EarlyDistinct implements Operator {
  readonly #node: Node<'distinct'>
  readonly #scope: StageScope
  readonly #next: Operator
  readonly #keys: readonly number[]
  #table: GroupTable
  /** Since the table was new. */
  #rows = 0
  #passing = false

  constructor(node: Node<'distinct'>, scope: StageScope, next: Operator) {
    this.#node = node
    this.#scope = scope
    this.#next = next
    this.#keys = node.schema.list.map((_, j) => j)
    this.#table = this.#newTable()
  }

  /** The sample ends where its rows do, however they come in batches. */
  push(batch: Batch): Awaitable {
    const left = SAMPLE_ROWS - this.#rows
    if (this.#passing || left <= 0 || batch.selected <= left) return this.#take(batch)
    const pending = this.#take(slice(batch, 0, left))
    const rest = slice(batch, left, batch.selected)
    return pending ? pending.then(() => this.#take(rest)) : this.#take(rest)
  }

  #take(batch: Batch): Awaitable {
    if (this.#passing) return this.#next.push(batch)
    const kept = this.#firsts(batch)
    const dropped = batch.selected - kept.selected
    if (dropped > 0) {
      const { account } = this.#scope.task
      account.add(this.#node.id, 'in', dropped)
      account.add(this.#node.id, 'merged', dropped)
    }
    this.#rows += batch.selected
    const most = this.#rows >= LATER_ROWS ? LATER_SHARE_MAX : NEW_SHARE_MAX
    if (this.#rows >= SAMPLE_ROWS && this.#table.count > this.#rows * most) this.#giveUp()
    else if (this.#table.count >= GROUPS_MAX || this.#table.heldBytes > TABLE_BYTES_MAX)
      this.#startAnew()
    return kept.selected > 0 ? this.#next.push(kept) : undefined
  }

  async finish(): Promise<void> {
    await this.#next.finish()
    this.#passing = false
    this.#startAnew()
  }

  /** The rows that are the first of their kind. Groups are numbered by first appearance. */
  #firsts(batch: Batch): Batch {
    let next = this.#table.count
    const groups = this.#table.assign(batch, this.#keys)
    if (this.#table.count === next + batch.selected) return batch
    const selection = new Int32Array(this.#table.count - next)
    let selected = 0
    for (let k = 0; k < batch.selected; k++) {
      const i = batch.selection === null ? k : (batch.selection[k] as number)
      if (groups[i] !== next) continue
      selection[selected++] = i
      next++
    }
    return { ...batch, selection, selected }
  }

  #giveUp(): void {
    this.#passing = true
    this.#startAnew()
  }

  #startAnew(): void {
    this.#rows = 0
    if (this.#table.heldBytes > TABLE_BYTES_MAX) this.#table = this.#newTable()
    else this.#table.clear()
  }

  #newTable(): GroupTable {
    return new GroupTable(this.#node.schema.list.map(f => f.kind))
  }
}

/** Selected rows [from, to) of a batch. */
function slice(batch: Batch, from: number, to: number): Batch {
  const at = (k: number) => (batch.selection === null ? k : (batch.selection[k] as number))
  const selection = Int32Array.from({ length: to - from }, (_, k) => at(from + k))
  return { ...batch, selection, selected: to - from }
}
