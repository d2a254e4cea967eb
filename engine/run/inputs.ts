/** Planning what is read: the splits of each source, and how many partitions the exchanges get. */
import type { Stages } from '../compile/stages.ts'
import type { Stage } from '../compile/stages.ts'
import { isSourceNode } from '../plan/facts.ts'
import type { PlannedInput, PlanRequest, SkippedRows, Split } from '../io/source.ts'
import { Fault } from '../fault.ts'
import { is, type Node } from '../plan/node.ts'
import { type SplitKeys, splitKeysOf } from './split-keys.ts'

const MB = 2 ** 20
/** A split that is a task of its own; where it also becomes a file's row group, a larger one. */
const SPLIT_BYTES = 16 * MB
const WRITTEN_SPLIT_BYTES = 64 * MB
/** Of a source that counts its rows, where they become no files: enough to keep workers evenly busy. */
const SPLITS = 16
/** Source bytes for each partition of an exchange. */
const PARTITION_BYTES = 24 * MB
const SMALL_BYTES = 4 * MB
const PARTITIONS_MAX = 256

export interface Inputs {
  /** By stage id, for stages that read a source. */
  readonly splits: ReadonlyMap<number, readonly Split[]>
  /** By the node that reads, rows that are in no split. */
  readonly skipped: ReadonlyMap<Node<'read'>, readonly SkippedRows[]>
  /** By stage id, what its source listed. */
  readonly listed: ReadonlyMap<number, readonly PlannedInput[]>
  readonly objects: readonly { uri: string; bytes: number; version: string }[]
  readonly bytes: number
  readonly notes: readonly string[]
  /** Partition count by exchange id. */
  readonly partitions: ReadonlyMap<number, number>
  readonly splitKeys: SplitKeys
}

/** Depends on the input and the plan alone, never on workers or memory: so do the outputs. */
export async function planInputs(
  all: Stages,
  o: {
    splitBytes?: number | undefined
    partitions?: number | undefined
    limit?: number | null | undefined
  },
): Promise<Inputs> {
  const { stages, exchanges } = all
  const splits = new Map<number, readonly Split[]>()
  const skipped = new Map<Node<'read'>, readonly SkippedRows[]>()
  const listed = new Map<number, readonly PlannedInput[]>()
  const notes: string[] = []
  const objects: { uri: string; bytes: number; version: string }[] = []
  for (const stage of stages) {
    if (!is(stage.head, 'read')) continue
    const { op, at } = stage.head
    const planned = await op.source.plan(requestOf(stage, stage.head, o)).catch(error => {
      if (error instanceof Fault) error.at ??= at
      throw error
    })
    splits.set(stage.id, planned.splits)
    skipped.set(stage.head, planned.skipped ?? [])
    listed.set(stage.id, planned.inputs)
    objects.push(...planned.inputs)
    notes.push(...(planned.notes ?? []))
  }
  const bytes = objects.reduce((sum, i) => sum + i.bytes, 0)
  const toRead = [...splits.values()].flat().reduce((sum, s) => sum + s.bytes, 0)
  const count = o.partitions ?? partitionsFor(toRead + createdBytes(stages))
  const partitions = new Map(
    exchanges.map(e => {
      const many = e.purpose === 'head' && (e.keys.length > 0 || e.to.type === 'reshuffle')
      return [e.id, many ? count : 1] as const
    }),
  )
  const splitKeys = await splitKeysOf(all, { splits, partitions })
  return { splits, skipped, listed, objects, bytes, notes, partitions, splitKeys }
}

/** What planning held while the splits are read is let go of. */
export async function releaseSources({ stages }: Stages): Promise<void> {
  const sources = new Set(stages.flatMap(s => (is(s.head, 'read') ? [s.head.op.source] : [])))
  await Promise.all([...sources].map(source => source.release?.()))
}

/** A preview reads rows in their order, those too that a step drops. */
function requestOf(
  stage: Stage,
  { op }: Node<'read'>,
  o: { splitBytes?: number | undefined; limit?: number | null | undefined },
): PlanRequest {
  const writes = stage.terminals.some(t => t.type === 'write')
  const { skips } = op
  return {
    splitBytes: o.splitBytes ?? (writes ? WRITTEN_SPLIT_BYTES : SPLIT_BYTES),
    ...(writes ? {} : { splits: SPLITS }),
    ...(skips && (o.limit ?? null) === null ? { conditions: skips.map(s => s.tests) } : {}),
  }
}

function partitionsFor(bytes: number): number {
  if (bytes <= SMALL_BYTES) return 1
  const wanted = Math.ceil(bytes / PARTITION_BYTES)
  return Math.min(PARTITIONS_MAX, Math.max(4, 2 ** Math.ceil(Math.log2(wanted))))
}

/** A guess at the bytes of rows that the pipeline itself holds. */
function createdBytes(stages: readonly Stage[]): number {
  let bytes = 0
  for (const { head } of stages)
    if (isSourceNode(head) && is(head, 'create')) bytes += head.op.rows.length * 64
  return bytes
}
