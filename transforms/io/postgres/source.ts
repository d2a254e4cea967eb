/**
 * Reads a table: one snapshot for all of it, held by the coordinator; ranges of its rows, each read by a
 * connection of its own with binary COPY into columns.
 */
import type { AnySchema } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type { PlanRequest, ReadRequest, SourcePlan, Split } from '../../../engine/io/source.ts'
import type { TableReader } from '../table/warehouses.ts'
import type { TableRead } from '../table/source.ts'
import { addressOf } from './address.ts'
import { type Binding, bind } from './bind.ts'
import { factsOf, type TableFacts } from './catalog.ts'
import { conditionSql } from './conditions.ts'
import { type Span, spanOf } from './incremental.ts'
import { type Asked, askedOf } from './read-options.ts'
import { retried } from './retry.ts'
import { type Snapshot, snapshotOf } from './snapshot.ts'
import { SplitRead } from './split-read.ts'
import { cutOf } from './splits.ts'

/** What a split needs where it is read. A resumed run knows it by its fingerprint. */
export interface Detail {
  /** Of the state of the database and the range: the snapshot's name is another each time. */
  readonly fingerprint: string
  readonly snapshot: string
  /** The rows of the split, as SQL. */
  readonly rows: string
  readonly facts: TableFacts
}

export class PostgresTable implements TableReader {
  readonly #uri: string
  readonly #shown: string
  readonly #asked: Asked
  readonly #held: Snapshot[] = []

  constructor(uri: string, asked: TableRead, schema: AnySchema) {
    this.#uri = uri
    this.#shown = addressOf(uri).shown
    this.#asked = askedOf(asked, schema)
  }

  /** The snapshot is held until `release`. */
  plan(request: PlanRequest): Promise<SourcePlan> {
    return retried(async () => {
      const snapshot = await snapshotOf(this.#uri, request.scope)
      try {
        const planned = await this.#planIn(snapshot, request)
        this.#held.push(snapshot)
        return planned
      } catch (error) {
        await snapshot.close()
        throw error
      }
    })
  }

  async #planIn(snapshot: Snapshot, request: PlanRequest): Promise<SourcePlan> {
    const { session } = snapshot
    const facts = await factsOf(session, this.#asked.name)
    const bindings = bind(this.#asked.schema, facts)
    const span = await this.#span(snapshot, { facts, bindings }, request)
    const cut = await cutOf(session, facts, { ...request, splitBy: this.#asked.splitBy })
    const always = [this.#where(bindings, facts), span?.condition ?? 'true'].filter(
      s => s !== 'true',
    )
    const uri = `${this.#shown}/${facts.shown}`
    const bytes = Math.ceil(facts.bytes / cut.ranges.length)
    const splits = cut.ranges.map((range, i): Split => {
      const rows = [...always, range].map(s => `(${s})`).join(' AND ')
      const fingerprint = JSON.stringify([snapshot.state, rows])
      const detail: Detail = { fingerprint, snapshot: snapshot.name, rows, facts }
      return { uri, start: i * bytes, end: (i + 1) * bytes, bytes, detail }
    })
    return {
      splits,
      inputs: [{ uri, bytes: facts.bytes, version: `snapshot ${snapshot.state}` }],
      notes: notesOf(facts, cut.ranges.length),
      ...(span?.mark == null ? {} : { mark: span.mark }),
      ...(span?.nothingNew ? { nothingNew: true } : {}),
    }
  }

  #span(
    { session }: Snapshot,
    { facts, bindings }: { facts: TableFacts; bindings: readonly Binding[] },
    request: PlanRequest,
  ): Promise<Span> | null {
    const { incremental } = this.#asked
    if (incremental === null) return null
    const by = bindings.find(b => b.field.name === incremental.by) as Binding
    return spanOf(session, { by, facts, overlapMs: incremental.overlapMs }, request)
  }

  #where(bindings: readonly Binding[], { shown }: TableFacts): string {
    const { where } = this.#asked
    for (const test of where) {
      if (conditionSql([test], bindings) !== null) continue
      throw new Fault(
        'pipeline',
        `table ${shown}: "${test.column}" ${test.op} cannot be asked of it`,
        {
          hint: 'leave it out here, and write .where(…) after the read',
        },
      )
    }
    return conditionSql(where, bindings) as string
  }

  open(split: Split, request: ReadRequest): Promise<SplitRead> {
    const detail = split.detail as Detail
    const bindings = bind(this.#asked.schema, detail.facts)
    return SplitRead.open({ address: this.#uri, split, detail, bindings }, request)
  }

  /** Ends the snapshots: no split of a plan made before can be read any more. */
  async release(): Promise<void> {
    await Promise.all(this.#held.splice(0).map(s => s.close()))
  }
}

function notesOf({ shown, kind, key }: TableFacts, splits: number): string[] {
  const read = `table ${shown} is read by one connection`
  if (splits > 1) return []
  if (kind === 'v') return [`${read}: it is a view; splitBy cuts it`]
  if (kind === 'f') return [`${read}: it is a foreign table; splitBy cuts it`]
  return key.length === 0 && kind === 'p' ? [`${read}: it is small`] : []
}
