/** Tables that a run loads: staged once its shards are there, then audited and published together. */
import { createReadStream } from 'node:fs'
import { basename, join } from 'node:path'
import { describe } from '../data/schema.ts'
import type { TableLayout, TableOptions, TableSink } from '../io/sink.ts'
import type { Split } from '../io/source.ts'
import type { PublishReceipt, TableLoad, Target, Warehouse } from '../io/warehouse.ts'
import { is, type Node, type Plan } from '../plan/node.ts'
import { writtenName, writtenSchema } from '../plan/written.ts'
import { Fault } from '../fault.ts'
import type { RunSettings } from './protocol.ts'
import { Sending } from './sending.ts'

export interface LoadedTable {
  readonly node: Node<'write'>
  readonly files: readonly string[]
  readonly rows: number
}

export class Tables {
  /** What warehouses answered, by the writes. */
  readonly published = new Map<Node<'write'>, PublishReceipt>()
  readonly #settings: RunSettings
  readonly #plan: Plan
  readonly #writes: readonly Node<'write'>[]
  readonly #warehouses = new Map<string, Warehouse>()
  readonly #loads = new Map<Node<'write'>, TableLoad>()
  /** Loads on their way into staging, where a warehouse takes several at once. */
  readonly #staging = new Map<Warehouse, Sending>()
  readonly #under = new Set<Promise<void>>()

  constructor(plan: Plan, settings: RunSettings) {
    this.#plan = plan
    this.#settings = settings
    const writes = plan.nodes.filter(n => is(n, 'write')) as Node<'write'>[]
    this.#writes = writes.filter(n => n.op.sink.sink === 'table')
  }

  /** Opens each warehouse, before anything is read. */
  async check(): Promise<void> {
    const targets = new Map<Warehouse, Target[]>()
    for (const node of this.#writes) {
      const warehouse = await told(node, this.#connect(node.op.sink as TableSink))
      targets.set(warehouse, [...(targets.get(warehouse) ?? []), this.#target(node)])
    }
    // What is wrong with a warehouse as a whole is told of the first write into it.
    const checks = [...targets].map(([to, its]) => told(its[0] as Target, to.check(its)))
    await Promise.all(checks)
  }

  /**
   * Shards into a staging table. It waits for room in the warehouse, and then only where it is to `wait`:
   * `staged` tells what became of the others.
   */
  async stage({ node, files, rows }: LoadedTable, o: { wait: boolean }): Promise<void> {
    const warehouse = await this.#connect(node.op.sink as TableSink)
    const { fingerprint: run } = this.#settings
    const load = await loadOf(node, files, { rows, target: this.#target(node), run })
    this.#loads.set(node, load)
    const { stagesMax = 1 } = warehouse
    if (o.wait || stagesMax === 1) return told(node, warehouse.stage(load))
    const staging = this.#staging.get(warehouse) ?? new Sending(stagesMax)
    this.#staging.set(warehouse, staging)
    await staging.add(() => {
      const staged = told(node, warehouse.stage(load))
      this.#under.add(staged)
      return staged.finally(() => this.#under.delete(staged))
    })
  }

  /** All loads are staged. Throws what went wrong with the first that is not. */
  async staged(): Promise<void> {
    for (const staging of this.#staging.values()) await staging.settled()
  }

  /** The table that a write was staged for, as it will stand with its rows, in splits of one file. */
  async standing(node: Node<'write'>, splitBytes: number): Promise<readonly Split[]> {
    const sink = node.op.sink as TableSink
    const load = this.#loads.get(node) as TableLoad
    const path = join(this.#settings.scratch, `standing-${node.id}.parquet`)
    await (await this.#connect(sink)).preview([load], sink.table, path)
    const source = sink.standing(path, (node.inputs[0] as Node).schema)
    return (await source.plan({ splitBytes })).splits
  }

  /** Everything of a warehouse in one transaction. `begun` is told before what may become visible. */
  async publish(begun: () => void): Promise<PublishReceipt[]> {
    const receipts: PublishReceipt[] = []
    for (const [uri, loads] of this.#byWarehouse()) {
      const published = this.#warehouses.get(uri)?.publish(loads, begun)
      receipts.push(
        ...((await published?.catch(error => {
          // Of a failed audit nothing is seen.
          if (!(error instanceof Fault && error.kind === 'data')) begun()
          throw error
        })) ?? []),
      )
      begun()
    }
    const byId = new Map(receipts.map(receipt => [receipt.id, receipt]))
    for (const [node, { id }] of this.#loads) {
      const receipt = byId.get(id)
      if (receipt) this.published.set(node, receipt)
    }
    this.#loads.clear()
    return receipts
  }

  /** Removes what was staged. */
  async abandon(): Promise<void> {
    for (const [uri, loads] of this.#byWarehouse()) await this.#warehouses.get(uri)?.abandon(loads)
    this.#loads.clear()
  }

  /** Names in it are as written. */
  #target(node: Node<'write'>): Target {
    const { table, options } = node.op.sink as TableSink
    const group = this.#plan.publishes.findIndex(nodes => nodes.includes(node))
    return {
      table,
      columns: writtenSchema(node).schema.list,
      together: group < 0 ? null : group,
      options: writtenOptions(options),
      at: node.at,
    }
  }

  /** Loads in the order in which their writes stand in the pipeline. */
  #byWarehouse(): Map<string, TableLoad[]> {
    const grouped = new Map<string, TableLoad[]>()
    for (const [node, load] of [...this.#loads].sort(([a], [b]) => a.id - b.id)) {
      const { uri } = node.op.sink
      grouped.set(uri, [...(grouped.get(uri) ?? []), load])
    }
    return grouped
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#under)
    for (const warehouse of this.#warehouses.values()) await warehouse.close()
    this.#warehouses.clear()
  }

  async #connect(sink: TableSink): Promise<Warehouse> {
    const known = this.#warehouses.get(sink.uri)
    if (known) return known
    const { memoryBytes, workers, scratch } = this.#settings
    const warehouse = await sink.connect({
      memoryBytes: Math.floor(memoryBytes / 4),
      threads: workers,
      tempDirectory: join(scratch, 'duckdb'),
    })
    this.#warehouses.set(sink.uri, warehouse)
    return warehouse
  }
}

/** The manifest of a load; its id is the same for the same rows, whichever run wrote them. */
async function loadOf(
  node: Node<'write'>,
  files: readonly string[],
  o: { rows: number; target: Target; run: string },
): Promise<TableLoad> {
  const { table, options } = o.target
  const { schema } = writtenSchema(node)
  // Not at the top: most runs write no table.
  const { createHash } = await import('node:crypto')
  const hash = createHash('sha256').update(
    JSON.stringify([o.run, node.id, table, options, describe(schema)]),
  )
  for (const file of files) hash.update(basename(file)).update(await digestOf(file))
  return { ...o.target, id: hash.digest('hex'), files, rows: o.rows }
}

/** With columns named as they are written. */
function writtenOptions(given: TableOptions): TableOptions {
  const { names, key, latest, deleted, partition, cluster, layout } = given
  const written = (name: string) => writtenName(name, names)
  return {
    ...given,
    key: key.map(written),
    latest: latest === null ? null : written(latest),
    deleted: deleted === null ? null : written(deleted),
    partition: partition === null ? null : { ...partition, by: written(partition.by) },
    cluster: cluster.map(written),
    ...(layout === undefined ? {} : { layout: writtenLayout(layout, written) }),
  }
}

function writtenLayout(layout: TableLayout, written: (name: string) => string): TableLayout {
  const described = Object.entries(layout.columnDescriptions).map(([n, text]) => [written(n), text])
  return { ...layout, columnDescriptions: Object.fromEntries(described) }
}

/** Of a file's bytes, which are never whole in memory. */
async function digestOf(path: string): Promise<Buffer> {
  const { createHash } = await import('node:crypto')
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest()
}

/** A fault says at which write. */
function told<T>({ at }: { readonly at: string }, act: Promise<T>): Promise<T> {
  return act.catch((error: unknown) => {
    if (error instanceof Fault) error.at ??= at
    throw error
  })
}
