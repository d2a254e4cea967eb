/**
 * Files of a set whose columns differ, or of which some cannot be read. Each is looked at when the run is
 * planned; those that lack the same columns are read by a source for the columns that they have, and the
 * others are added, as with columns of Hive folders.
 */
import type { Column } from '../../../engine/data/column.ts'
import { type AnySchema, type Fields, type Schema, schemaOf } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import type {
  PlannedInput,
  PlanRequest,
  ReadRequest,
  Source,
  SourcePlan,
  Split,
  SplitEnd,
  SplitReader,
} from '../../../engine/io/source.ts'
import { type Drift, Verdicts } from './drift.ts'
import { folderColumn } from './folder-values.ts'
import { foldedInto, type FileSource } from './foldered.ts'
import { FolderedReader } from './foldered-read.ts'
import { type IncrementalFiles, newFiles, overlapOf } from './incremental.ts'
import { inputsOf } from './inputs.ts'
import type { InputFile } from './list.ts'
import { RejectingReader } from './rejecting-read.ts'

/** Files that are looked at at once. */
const LOOKING = 16

// biome-ignore lint/suspicious/noExplicitAny: a source of whatever fields
type AnyFileSource = FileSource<any>

export interface Drifting<F extends Fields> {
  readonly uri: string
  readonly choices: Drift
  /** Where only files that are new are read. */
  readonly incremental?: IncrementalFiles | undefined
  readonly whole: FileSource<F>
  /** Reads files that have these columns only. Without it no file lacks any. */
  readonly part?: (schema: AnySchema) => AnyFileSource
  /** The schema's columns that the file lacks. Throws data: it cannot be read. */
  readonly missing?: (file: InputFile) => Promise<readonly string[]>
}

/** What a file is read as; null: it is left out. */
type Look = { readonly file: InputFile; readonly missing: readonly string[] } | null

/** A split of a source for the columns that a file has. */
interface DriftSplit {
  readonly missing: readonly string[]
  readonly detail: unknown
}

export class DriftingFiles<F extends Fields> implements Source<F> {
  readonly format: string
  readonly schema: Schema<F>
  readonly uri: string
  readonly fingerprint: string
  readonly leavesOut: boolean
  readonly markName?: string
  readonly verify?: NonNullable<Source<F>['verify']>
  readonly #overlapMs: number | null
  readonly #o: Drifting<F>
  readonly #parts = new Map<string, AnyFileSource>()

  constructor(o: Drifting<F>) {
    const { whole } = o
    this.#o = o
    this.format = whole.format
    this.schema = whole.schema
    this.uri = whole.uri
    this.fingerprint = whole.fingerprint
    this.leavesOut = whole.leavesOut === true
    this.#overlapMs = overlapOf(o.incremental)
    if (this.#overlapMs !== null) this.markName = `${whole.format} ${whole.uri}`
    if (whole.verify) this.verify = (splits, ends) => this.#verify(splits, ends)
  }

  async plan(asked: PlanRequest, files?: readonly InputFile[]): Promise<SourcePlan> {
    // Of the files of a group nobody is told: they are some of all.
    const { told, ...request } = asked
    const all = files ?? (await inputsOf(this.#o.uri, asked))
    const { files: listed, mark } =
      this.#overlapMs === null
        ? { files: all, mark: null }
        : newFiles(all, this.#overlapMs, request)
    const verdicts = new Verdicts()
    const looks = await this.#lookAll(listed, { request, told }, verdicts)
    const plans: SourcePlan[] = []
    for (const { missing, group } of grouped(looks)) {
      const plan = await this.#sourceOf(missing).plan(this.#requestFor(missing, request), group)
      const splits = plan.splits.map(split => wrapped(split, missing))
      plans.push({ ...plan, splits })
    }
    return {
      splits: plans.flatMap(p => p.splits),
      inputs: listed.map(({ path, bytes, version }) => ({ uri: path, bytes, version })),
      notes: [...plans.flatMap(p => p.notes ?? []), ...verdicts.lines()],
      skipped: plans.flatMap(p => p.skipped ?? []),
      ...(mark !== null && { mark }),
    }
  }

  async #lookAll(
    files: readonly InputFile[],
    { request, told }: { request: PlanRequest; told: PlanRequest['told'] },
    verdicts: Verdicts,
  ): Promise<Look[]> {
    const { default: pLimit } = await import('p-limit')
    const limit = pLimit(LOOKING)
    let done = 0
    const lookAt = async (file: InputFile) => {
      const look = await this.#look(file, request)
      told?.({ found: files.length, looked: ++done })
      return look
    }
    const looked = await Promise.all(files.map(file => limit(() => lookAt(file))))
    const { drift } = this.#o.choices
    let refused: Fault | null = null
    const looks = looked.map((look, i): Look => {
      const file = files[i] as InputFile
      if (look instanceof Fault) {
        verdicts.quarantined(file.path, look.message)
        refused ??= look
        return null
      }
      if (look.length > 0) verdicts.lacks(file.path, look, drift === 'reject')
      return { file, missing: look }
    })
    if (refused !== null && looks.every(look => look === null))
      throw new Fault('data', `no file of ${this.uri} can be read`, {
        detail: verdicts.lines().slice(0, 5),
        hint: 'onFile quarantines files among others; here none is left',
      })
    return looks
  }

  /** The columns that it lacks; a fault: why it is left out. */
  async #look(file: InputFile, request: PlanRequest): Promise<readonly string[] | Fault> {
    const { choices, missing: missingOf } = this.#o
    try {
      const missing = choices.drift === 'fail' || !missingOf ? [] : await missingOf(file)
      if (choices.drift === 'widen') this.#checkNulls(missing, file)
      if (choices.onFile === 'quarantine') await this.#sourceOf(missing).plan(request, [file])
      return missing
    } catch (error) {
      const bad = error instanceof Fault && error.kind === 'data'
      if (bad && choices.onFile === 'quarantine') return error
      throw error
    }
  }

  #checkNulls(missing: readonly string[], { path }: InputFile): void {
    const required = missing.filter(
      name => !this.schema.list.find(f => f.name === name)?.kind.optional,
    )
    if (required.length === 0) return
    const more = required.length > 1 ? ` (and ${required.length - 1} more)` : ''
    throw new Fault(
      'data',
      `${path} lacks column ${JSON.stringify(required[0])}${more}, which may not be null`,
      {
        hint: "make the column nullable, or leave such files out: onFile: 'quarantine'",
      },
    )
  }

  /** Rows that are to be rejected are all read. */
  #requestFor(missing: readonly string[], request: PlanRequest): PlanRequest {
    if (!this.#rejects(missing)) return request
    const { conditions: _, ...rest } = request
    return rest
  }

  #rejects(missing: readonly string[]): boolean {
    return missing.length > 0 && this.#o.choices.drift === 'reject'
  }

  open(split: Split, request: ReadRequest): SplitReader | Promise<SplitReader> {
    const { missing, detail } = split.detail as DriftSplit
    const inner = { ...split, detail }
    if (missing.length === 0) return this.#o.whole.open(inner, request)
    const source = this.#sourceOf(missing)
    const opened = this.#rejects(missing)
      ? this.#openRejecting(source, inner, { missing, request })
      : this.#openWidened(source, inner, { missing, request })
    return opened
  }

  async #openRejecting(
    source: AnyFileSource,
    split: Split,
    { missing, request }: { missing: readonly string[]; request: ReadRequest },
  ): Promise<SplitReader> {
    const { leaveOut: _, ...rest } = request
    const wanted = source.schema.list.map(() => true)
    const reader = await source.open(split, { ...rest, wanted })
    return new RejectingReader(reader, { request, missing, uri: split.uri })
  }

  async #openWidened(
    source: AnyFileSource,
    split: Split,
    { missing, request }: { missing: readonly string[]; request: ReadRequest },
  ): Promise<SplitReader> {
    const schema = this.schema as AnySchema
    const at = schema.list.flatMap((f, k) => (missing.includes(f.name) ? [] : [k]))
    const constants = new Map<number, Column>()
    for (const [k, field] of schema.list.entries())
      if (missing.includes(field.name)) constants.set(k, folderColumn(field, null, split.uri))
    const wanted = at.map(k => request.wanted[k] === true)
    const given = (name: string) => (missing.includes(name) ? null : undefined)
    const leaveOut = request.leaveOut && foldedInto(request.leaveOut, given)
    const inner = await source.open(split, { ...request, wanted, ...(leaveOut && { leaveOut }) })
    return new FolderedReader(inner, { schema, at, constants })
  }

  changed(input: PlannedInput): string | null {
    return this.#o.whole.changed?.(input) ?? null
  }

  #verify(splits: readonly Split[], ends: readonly (SplitEnd | null)[]): Map<number, Split> {
    const details = splits.map(s => s.detail as DriftSplit)
    const inner = splits.map((split, i) => ({ ...split, detail: details[i]?.detail }))
    const wrong = this.#o.whole.verify?.(inner, ends) ?? new Map<number, Split>()
    return new Map([...wrong].map(([i, split]) => [i, wrapped(split, details[i]?.missing ?? [])]))
  }

  #sourceOf(missing: readonly string[]): AnyFileSource {
    const { whole, part } = this.#o
    if (missing.length === 0 || !part) return whole
    const key = JSON.stringify(missing)
    const known = this.#parts.get(key)
    if (known) return known
    const rest = this.schema.list.filter(f => !missing.includes(f.name))
    if (rest.length === 0)
      throw new Fault('data', `files of ${this.uri} have none of the columns of the schema`)
    const made = part(schemaOf(rest))
    this.#parts.set(key, made)
    return made
  }
}

const wrapped = (split: Split, missing: readonly string[]): Split => {
  const detail: DriftSplit = { missing, detail: split.detail }
  return { ...split, detail }
}

/** Neighbours that lack the same: the order of the files stays. */
function grouped(
  looks: readonly Look[],
): { readonly missing: readonly string[]; readonly group: InputFile[] }[] {
  const groups: { readonly missing: readonly string[]; readonly group: InputFile[] }[] = []
  for (const look of looks) {
    if (look === null) continue
    const last = groups.at(-1)
    if (last && last.missing.join('\0') === look.missing.join('\0')) last.group.push(look.file)
    else groups.push({ missing: look.missing, group: [look.file] })
  }
  return groups
}
