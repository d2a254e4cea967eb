/** A row group's statistics as a pipeline sees the values: what decides whether it is read. */
import { isUtf8 } from 'node:buffer'
import { isText, newColumn } from '../../../engine/data/column.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { withOptional } from '../../../engine/data/kind.ts'
import { readValue } from '../../../engine/data/value.ts'
import type { Condition } from '../../../engine/io/condition.ts'
import type { ColumnStatistics, RowStatistics } from '../../../engine/io/outcome.ts'
import type { Binding } from './bind.ts'
import type { Converted } from './converted.ts'
import { ENCODING, type RowGroupMeta, type Statistics, TYPE } from './format.ts'
import type { NestedBinding } from './nested-read.ts'
import { lanesOf, readRaw } from './plain-read.ts'

/** Of the columns that the conditions name. */
export function groupStatistics(
  { schema, bindings }: { readonly schema: AnySchema; readonly bindings: readonly Binding[] },
  { rows, chunks }: RowGroupMeta,
  conditions: readonly Condition[],
): RowStatistics {
  const columns = new Map<string, ColumnStatistics>()
  bindings.forEach((binding, i) => {
    const name = schema.list[i]?.name as string
    if (conditions.some(tests => tests.some(test => test.column === name)))
      columns.set(name, columnStatistics(binding, chunks[binding.index]?.statistics ?? null))
  })
  return { rows, columns }
}

export function columnStatistics(binding: Binding, found: Statistics | null): ColumnStatistics {
  // A leaf's bounds and nulls are not the column's.
  // Of json, texts are null that say so.
  const unknown = binding.nested !== null || binding.kind.tag === 'json'
  if (unknown) return { min: null, max: null, nullCount: null }
  const min = found?.min ? boundOf(binding, found.min) : null
  const max = found?.max ? boundOf(binding, found.max) : null
  return { min, max, nullCount: found?.nullCount ?? null }
}

/** The bound as a lambda would see it; null where it cannot be read. */
function boundOf(binding: Binding, bytes: Uint8Array): unknown {
  const { kind, leaf } = binding
  if (isText(kind)) return kind.tag === 'utf8' ? textBound(bytes) : bytes
  // INT96 has no order that the specification defines.
  if (leaf.type === TYPE.INT96) return null
  const converted = convertedBound(binding, bytes)
  if (converted === null || converted.flaws?.[0]) return null
  const column = newColumn(kind.required, 1)
  column.values = converted.values
  try {
    return readValue(column, 0)
  } catch {
    // No number of ours: a decimal of more than 2^53 units.
    return null
  }
}

/** Null where the text was cut within a character: what decoding puts there sorts elsewhere. */
function textBound(bytes: Uint8Array): string | null {
  return isUtf8(bytes) ? Buffer.from(bytes).toString() : null
}

/** Null where the bound is damaged. */
function convertedBound({ leaf, convert }: Binding, bytes: Uint8Array): Converted | null {
  // Bounds of byte arrays have no length before the value.
  const slice = {
    count: 1,
    lanes: 0 as const,
    words: new Int32Array(0),
    bytes,
    starts: Int32Array.of(0),
    ends: Int32Array.of(bytes.length),
  }
  try {
    const raw =
      lanesOf(leaf.type) === 0 ? slice : readRaw(leaf, ENCODING.PLAIN, Uint8Array.from(bytes), 1)
    return convert?.(raw) ?? null
  } catch {
    return null
  }
}

/**
 * Whether some of the chunk's values may have to be rejected: then the column is decoded even if no
 * step reads it, so that rejects do not depend on what is read. Text that is marked as UTF-8 and
 * decimals of a stated precision are taken at their word.
 */
export function maySift(binding: Binding, group: RowGroupMeta): boolean {
  const chunk = group.chunks[binding.index]
  const { leaf, kind } = binding
  if (binding.nested !== null) return nestedMaySift(binding.nested, group)
  const found = chunk?.statistics
  if (!kind.optional && leaf.optional && found?.nullCount !== 0) return true
  if (kind.tag === 'json') return !kind.optional || leaf.meaning.is !== 'json'
  if (kind.tag === 'utf8') return kind.values !== null || leaf.meaning.is === 'none'
  if (!['int64', 'bigint', 'timestamp', 'datetime'].includes(kind.tag)) return false
  if (leaf.type !== TYPE.INT64 || (found?.nullCount ?? -1) === chunk?.values) return false
  if (!found?.min || !found.max) return true
  return [found.min, found.max].some(bytes => {
    const bound = convertedBound(binding, bytes)
    const value = bound?.values[0] ?? Infinity
    const safe = typeof value === 'bigint' || Math.abs(value) <= Number.MAX_SAFE_INTEGER
    return bound === null || bound.flaws !== null || !safe
  })
}

/** Its parts, one by one; whether one is null where it may not be follows from the file's schema alone. */
function nestedMaySift({ strict, leaves }: NestedBinding, group: RowGroupMeta): boolean {
  return (
    !strict ||
    leaves.some(({ leaf, index, kind: required, optional, convert }) => {
      const kind = withOptional(required, optional)
      return maySift(
        { leaf: { ...leaf, optional: false }, index, kind, convert, nested: null },
        group,
      )
    })
  )
}
