/** For tests: runs a source as the engine does, split by split, and gives its rows and rejects. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { columnOf } from '../../../../engine/data/batch.ts'
import type { Column } from '../../../../engine/data/column.ts'
import { isWide } from '../../../../engine/data/kind.ts'
import { readUnits, readValue } from '../../../../engine/data/value.ts'
import type { AnySource, Reject, SplitEnd } from '../../../../engine/io/source.ts'

export interface Read {
  readonly rows: Record<string, unknown>[]
  readonly offsets: number[]
  readonly rejects: Reject[]
  readonly redone: number
  readonly splits: number
}

export interface ReadOptions {
  readonly splitBytes?: number
  readonly rowsPerBatch?: number
  readonly wanted?: readonly boolean[]
}

interface Part {
  readonly rows: Record<string, unknown>[]
  readonly offsets: number[]
  readonly rejects: Reject[]
  readonly end: SplitEnd | null
}

/** All rows, in order. Values past a double's precision are given as units (decimals) or texts. */
export async function readAll(source: AnySource, o: ReadOptions = {}): Promise<Read> {
  const { splits } = await source.plan({ splitBytes: o.splitBytes ?? 2 ** 24 })
  const current = [...splits]
  const parts: Part[] = []
  for (const split of splits) parts.push(await readPart(source, split, o))
  let redone = 0
  for (let round = 0; source.verify && round < 10_000; round++) {
    const wrong = source.verify(
      current,
      parts.map(p => p.end),
    )
    if (wrong.size === 0) break
    for (const [index, split] of wrong) {
      redone++
      current[index] = split
      parts[index] = await readPart(source, split, o)
    }
  }
  let before = 0
  let uri = ''
  const rejects = parts.flatMap((part, i) => {
    if (current[i]?.uri !== uri) before = 0
    uri = current[i]?.uri ?? ''
    const moved = part.rejects.map(r => ({ ...r, line: (r.line ?? 0) + before }))
    before += part.end?.lines ?? 0
    return moved
  })
  const rows = parts.flatMap(p => p.rows)
  return { rows, offsets: parts.flatMap(p => p.offsets), rejects, redone, splits: splits.length }
}

async function readPart(
  source: AnySource,
  split: Parameters<AnySource['open']>[0],
  o: ReadOptions,
): Promise<Part> {
  const rows: Record<string, unknown>[] = []
  const offsets: number[] = []
  const rejects: Reject[] = []
  const { list } = source.schema
  const wanted = [...(o.wanted ?? list.map(() => true))]
  const reader = await source.open(split, {
    wanted,
    rowsPerBatch: o.rowsPerBatch ?? 1000,
    reject: reject => void rejects.push(reject),
    advance: () => {},
  })
  try {
    for (;;) {
      const batch = await reader.next()
      if (batch === null) break
      batch.widen = k => {
        wanted[k] = true
        reader.widen(wanted)
      }
      for (let i = 0; i < batch.selected; i++) {
        const row = batch.selection ? (batch.selection[i] as number) : i
        rows.push(
          Object.fromEntries(list.map(({ name }, k) => [name, valueAt(columnOf(batch, k), row)])),
        )
        offsets.push(batch.origin?.offsets?.[row] ?? -1)
      }
    }
    return { rows, offsets, rejects, end: reader.end() }
  } finally {
    await reader.close()
  }
}

function valueAt(column: Column, row: number): unknown {
  const nothing = column.valid !== null && column.valid[row] === 0
  return !nothing && isWide(column.kind) ? readUnits(column, row) : readValue(column, row)
}

/** Writes files into a fresh folder, removed by `remove`. */
export function folderOf(files: { readonly [name: string]: string | Uint8Array }): {
  path: string
  remove(): void
} {
  const path = mkdtempSync(join(tmpdir(), 'millrace-io-'))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content)
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
