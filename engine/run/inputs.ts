/** Planning what is read: the splits of each source, and how many partitions the exchanges get. */
import type { Stages } from '../compile/stages.ts'
import type { Stage } from '../compile/stages.ts'
import { isSourceNode } from '../plan/facts.ts'
import type {
  PlannedInput,
  PlanProgress,
  PlanRequest,
  PlanRoom,
  SkippedRows,
  Split,
} from '../io/source.ts'
import { Fault } from '../fault.ts'
import type { Interval } from '../plan/interval.ts'
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
  /** Of incremental sources, by their names: up to where this run reads. */
  readonly marks: Readonly<Record<string, string>>
  /** What those listed that have no mark. */
  readonly unmarked: readonly PlannedInput[]
  /** Sources that have marks have nothing to read, or nothing that is new. */
  readonly nothingMarked: boolean
}

interface PlanWish {
  readonly splitBytes?: number | undefined
  readonly partitions?: number | undefined
  readonly limit?: number | null | undefined
  readonly interval?: Interval | undefined
  /** Absent where no rows are read. */
  readonly room?: PlanRoom
  /** From where an incremental source reads. */
  readonly since?: ((markName: string) => string | null) | undefined
  /** Told while a step's source is planned, at once and then as it goes on. */
  readonly planning?: ((step: string, progress: PlanProgress) => void) | undefined
}

/** Depends on the input and the plan alone, never on workers or memory: so do the outputs. */
export async function planInputs(all: Stages, o: PlanWish): Promise<Inputs> {
  const { stages, exchanges } = all
  const splits = new Map<number, readonly Split[]>()
  const skipped = new Map<Node<'read'>, readonly SkippedRows[]>()
  const listed = new Map<number, readonly PlannedInput[]>()
  const notes: string[] = []
  const objects: PlannedInput[] = []
  const unmarked: PlannedInput[] = []
  const marks: Record<string, string> = Object.create(null)
  const marked = new Set<string>()
  let nothingMarked = true
  for (const stage of stages) {
    if (!is(stage.head, 'read')) continue
    const { op, at, name } = stage.head
    const told = (progress: PlanProgress): void => o.planning?.(name, progress)
    told({ found: 0, looked: 0 })
    const request = { ...requestOf(stage, stage.head, o), scope: all, told }
    const planned = await op.source.plan(request).catch(error => {
      if (error instanceof Fault) error.at ??= at
      throw error
    })
    splits.set(stage.id, planned.splits)
    skipped.set(stage.head, planned.skipped ?? [])
    listed.set(stage.id, planned.inputs)
    for (const input of planned.inputs) objects.push(input)
    const { markName } = op.source
    if (markName === undefined) for (const input of planned.inputs) unmarked.push(input)
    else if (marked.has(markName)) throw readTwice(stage.head)
    else {
      marked.add(markName)
      // Nothing was ever there: the next run begins where this one did.
      if (planned.mark !== undefined) marks[markName] = planned.mark
      nothingMarked &&= planned.splits.length === 0 || planned.nothingNew === true
    }
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
  const news = { marks: { ...marks }, unmarked, nothingMarked }
  return { splits, skipped, listed, objects, bytes, notes, partitions, splitKeys, ...news }
}

/** One mark cannot say how far two reads came. */
function readTwice({ name, at }: Node): Fault {
  return new Fault('pipeline', `${name} is read twice from its mark on, with different options`, {
    at,
    hint: 'read it once, and use the collection twice',
  })
}

/** What planning held while the splits are read is let go of. */
export async function releaseSources({ stages }: Stages): Promise<void> {
  const sources = new Set(stages.flatMap(s => (is(s.head, 'read') ? [s.head.op.source] : [])))
  await Promise.all([...sources].map(source => source.release?.()))
}

/** A preview reads rows in their order, those too that a step drops. */
function requestOf(stage: Stage, { op }: Node<'read'>, o: PlanWish): PlanRequest {
  const writes = stage.terminals.some(t => t.type === 'write')
  const { skips } = op
  return {
    splitBytes: o.splitBytes ?? (writes ? WRITTEN_SPLIT_BYTES : SPLIT_BYTES),
    ...(writes ? {} : { splits: SPLITS }),
    ...(op.source.markName === undefined ? {} : { since: o.since?.(op.source.markName) ?? null }),
    ...(o.interval && { interval: o.interval }),
    ...(o.room && { room: o.room }),
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
