/**
 * Files in Hive folders: a column that a folder of the path is named after has that folder's value in
 * every row of the file, and is not looked for in the file itself. Where no folder is, this is the
 * format's own source and nothing else.
 */
import type { Column } from '../../../engine/data/column.ts'
import {
  type AnySchema,
  type Field,
  type Fields,
  type Schema,
  schemaOf,
} from '../../../engine/data/schema.ts'
import { readValue } from '../../../engine/data/value.ts'
import { Fault } from '../../../engine/fault.ts'
import { type LeaveOut, passes, type Test } from '../../../engine/io/condition.ts'
import type {
  PlannedInput,
  PlanRequest,
  ReadRequest,
  Source,
  SourcePlan,
  Split,
  SplitReader,
} from '../../../engine/io/source.ts'
import { folderColumn, folderValues } from './folder-values.ts'
import { FolderedReader } from './foldered-read.ts'
import { type IncrementalFiles, newFiles, overlapOf } from './incremental.ts'
import { inputsOf } from './inputs.ts'
import { changedFile, type InputFile } from './list.ts'
import { objectOf, packed, PartsReader, partsOf } from './parts.ts'
import { isObjectUri } from '../objects/uri.ts'

/** A source of files, which may have been listed already. */
export interface FileSource<F extends Fields> extends Source<F> {
  plan(request: PlanRequest, files?: readonly InputFile[]): Promise<SourcePlan>
}
// biome-ignore lint/suspicious/noExplicitAny: a source of whatever fields
type AnyFileSource = FileSource<any>

export interface Foldered<F extends Fields> {
  /** What the user gave. */
  readonly uri: string
  /** Reads files that have all columns. */
  readonly whole: FileSource<F>
  /** Reads files that have these columns only. */
  readonly part: (schema: AnySchema) => AnyFileSource
  /** Where only files that are new are read. */
  readonly incremental?: IncrementalFiles | undefined
  /** The column that a folder's name stands for, by the option that names columns. */
  readonly columnOf: (folder: string) => string
}

/** What a path's folders say: texts by position in the schema. */
type Found = ReadonlyMap<number, string | null>

export function foldered<F extends Fields>(o: Foldered<F>): FileSource<F> {
  return new FolderedFiles(o)
}

class FolderedFiles<F extends Fields> implements FileSource<F> {
  readonly format: string
  readonly schema: Schema<F>
  readonly uri: string
  readonly fingerprint: string
  readonly leavesOut: boolean
  readonly markName?: string
  readonly verify?: NonNullable<Source<F>['verify']>
  readonly bytesMax?: NonNullable<Source<F>['bytesMax']>
  readonly #o: Foldered<F>
  readonly #overlapMs: number | null
  readonly #positions: ReadonlyMap<string, number>
  readonly #parts = new Map<string, AnyFileSource>()

  constructor(o: Foldered<F>) {
    const { whole } = o
    this.#o = o
    this.format = whole.format
    this.schema = whole.schema
    this.uri = whole.uri
    this.fingerprint = whole.fingerprint
    this.leavesOut = whole.leavesOut === true
    this.#overlapMs = overlapOf(o.incremental)
    if (this.#overlapMs !== null) this.markName = `${whole.format} ${whole.uri}`
    this.#positions = new Map(whole.schema.list.map(({ name }, k) => [name, k]))
    if (whole.bytesMax) this.bytesMax = whole.bytesMax.bind(whole)
    if (whole.verify) this.verify = whole.verify.bind(whole)
  }

  async plan(request: PlanRequest, given?: readonly InputFile[]): Promise<SourcePlan> {
    const all = given ?? (await inputsOf(this.#o.uri, request))
    const { files, mark } =
      this.#overlapMs === null || given
        ? { files: all, mark: null }
        : newFiles(all, this.#overlapMs, request)
    const first = this.#foundIn(files[0]?.path ?? '')
    for (const { path } of files) {
      const found = this.#foundIn(path)
      if (keyOf(found) !== keyOf(first)) throw this.#uneven(files[0]?.path ?? '', path)
      for (const [k, text] of found) this.#column(k, text, path)
    }
    const listed = await this.#sourceOf(first).plan(request, files)
    const plan = mark === null ? listed : { ...listed, mark }
    if (files[0]?.object === undefined) return plan
    const splits = packed(plan.splits, request.splitBytes)
    return { ...plan, splits: splits.map(split => this.#withUri(split, split.uri)) }
  }

  /** Splits are kept and shown: a URL's signature is not in them, and put back where they are read. */
  #withUri(split: Split, uri: string): Split {
    const object = objectOf(split)
    if (!object || !/^https?:/i.test(this.#o.uri)) return split
    return { ...split, detail: { ...(split.detail as object), object: { ...object, uri } } }
  }

  open(split: Split, request: ReadRequest): SplitReader | Promise<SplitReader> {
    const parts = partsOf(split)
    if (parts !== null) return this.#openParts(parts, request)
    return this.#open(this.#withUri(split, this.#o.uri), request)
  }

  async #openParts(parts: readonly Split[], request: ReadRequest): Promise<SplitReader> {
    const { expectObject } = await import('../objects/inputs.ts')
    const fromEnd = this.format === 'parquet'
    return new PartsReader(parts, {
      open: part => this.#open(part, request),
      expect(part) {
        const object = objectOf(part)
        return object ? expectObject(object, fromEnd) : 0
      },
    })
  }

  #open(split: Split, request: ReadRequest): SplitReader | Promise<SplitReader> {
    const found = this.#foundIn(split.uri)
    const source = this.#sourceOf(found)
    if (found.size === 0) return source.open(split, request)
    const at = this.schema.list.flatMap((_, k) => (found.has(k) ? [] : [k]))
    const wanted = at.map(k => request.wanted[k] === true)
    const constants = new Map([...found].map(([k, text]) => [k, this.#column(k, text, split.uri)]))
    const wrap = (inner: SplitReader) => new FolderedReader(inner, { ...this, at, constants })
    const given = (name: string) => {
      const column = constants.get(this.#positions.get(name) ?? -1)
      return column && readValue(column, 0)
    }
    const leaveOut = request.leaveOut && foldedInto(request.leaveOut, given)
    const opened = source.open(split, { ...request, wanted, ...(leaveOut && { leaveOut }) })
    return opened instanceof Promise ? opened.then(wrap) : wrap(opened)
  }

  /** What is read of an object is of the version that was listed, or refused. */
  changed(input: PlannedInput): string | null {
    return isObjectUri(input.uri) ? null : changedFile(input)
  }

  #foundIn(path: string): Found {
    const found = new Map<number, string | null>()
    for (const [folder, text] of folderValues(path)) {
      const k = this.#positions.get(this.#o.columnOf(folder))
      if (k !== undefined) found.set(k, text)
    }
    return found
  }

  #column(k: number, text: string | null, path: string): Column {
    return folderColumn(this.schema.list[k] as Field, text, path)
  }

  /** The format's source for files that lack the columns found. */
  #sourceOf(found: Found): AnyFileSource {
    if (found.size === 0) return this.#o.whole
    const key = keyOf(found)
    const known = this.#parts.get(key)
    if (known) return known
    const made = this.#o.part(schemaOf(this.schema.list.filter((_, k) => !found.has(k))))
    this.#parts.set(key, made)
    return made
  }

  #uneven(one: string, other: string): Fault {
    const names = (path: string): string =>
      [...this.#foundIn(path).keys()].map(k => this.schema.list[k]?.name).join(' ') || 'none'
    return new Fault('data', `${this.uri}: files lie in folders of different columns`, {
      detail: [`${one}: ${names(one)}`, `${other}: ${names(other)}`],
      hint: 'read them as two sources',
    })
  }
}

/** Conditions without the tests that the folders' values pass; one that they fail is failed by all rows. */
export function foldedInto(leaveOut: LeaveOut, given: (column: string) => unknown): LeaveOut {
  const conditions = leaveOut.conditions.map(tests =>
    tests.flatMap((test): Test[] => {
      const value = given(test.column)
      if (value === undefined) return [test]
      return passes(test, value) ? [] : [{ ...test, op: 'in', value: [] }]
    }),
  )
  return { ...leaveOut, conditions }
}

const keyOf = (found: Found): string => [...found.keys()].sort((a, b) => a - b).join(' ')
