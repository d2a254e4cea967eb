/** A file's schema as its footer lists it: depth first, groups with the number of their children. */
import type { Kind } from '../../../engine/data/kind.ts'
import { elementOf, structOf } from '../../../engine/data/nested.ts'
import type { AnySchema, Field } from '../../../engine/data/schema.ts'
import type { Depth } from './chunk-write.ts'
import { TYPE } from './format.ts'
import { physicalType } from './physical.ts'
import { type ThriftWriter, WIRE } from './thrift-write.ts'

const CONVERTED: { readonly [tag: string]: number } = {
  utf8: 0,
  decimal: 5,
  date: 6,
  timestamp: 10,
  // The specification wants local times marked so too, for readers that know converted types only.
  datetime: 10,
  json: 19,
}
const CONVERTED_LIST = 3
const LIST_ID = 3
const REQUIRED = 0
const OPTIONAL = 1
const REPEATED = 2

/** A column chunk of a file: a column, or a part of a nested one that has no parts itself. */
export interface LeafSpec extends Depth {
  readonly path: readonly string[]
  readonly kind: Kind
}

/** The leaves of a column, in the order of their chunks. */
export function leavesOfField({ name, kind }: Field): LeafSpec[] {
  return leavesUnder([name], kind, { defined: 0, repeated: 0 })
}

function leavesUnder(path: readonly string[], kind: Kind, above: Depth): LeafSpec[] {
  const defined = above.defined + (kind.optional ? 1 : 0)
  if (kind.tag === 'struct')
    return structOf(kind).list.flatMap(f =>
      leavesUnder([...path, f.name], f.kind, { ...above, defined }),
    )
  if (kind.tag !== 'list') return [{ path, kind, ...above, defined }]
  const depth = { defined: defined + 1, repeated: above.repeated + 1 }
  return leavesUnder([...path, 'list', 'element'], elementOf(kind), depth)
}

export function writeSchema(w: ThriftWriter, { list }: AnySchema): void {
  w.list(2, WIRE.struct, 1 + list.reduce((sum, f) => sum + elementsOf(f.kind), 0))
  w.open()
  w.text(4, 'schema')
  w.i32(5, list.length)
  w.close()
  for (const { name, kind } of list) writeElement(w, name, kind)
}

function elementsOf(kind: Kind): number {
  if (kind.tag === 'list') return 2 + elementsOf(elementOf(kind))
  if (kind.tag !== 'struct') return 1
  return structOf(kind).list.reduce((sum, f) => sum + elementsOf(f.kind), 1)
}

function writeElement(w: ThriftWriter, name: string, kind: Kind): void {
  if (kind.tag === 'struct') {
    const { list } = structOf(kind)
    writeGroup(w, name, kind.optional ? OPTIONAL : REQUIRED, list.length)
    w.close()
    for (const f of list) writeElement(w, f.name, f.kind)
  } else if (kind.tag === 'list') {
    writeGroup(w, name, kind.optional ? OPTIONAL : REQUIRED, 1)
    w.i32(6, CONVERTED_LIST)
    w.open(10)
    w.open(LIST_ID)
    w.close()
    w.close()
    w.close()
    writeGroup(w, 'list', REPEATED, 1)
    w.close()
    writeElement(w, 'element', elementOf(kind))
  } else writeLeaf(w, name, kind)
}

/** Left open. */
function writeGroup(w: ThriftWriter, name: string, repetition: number, children: number): void {
  w.open()
  w.i32(3, repetition)
  w.text(4, name)
  w.i32(5, children)
}

function writeLeaf(w: ThriftWriter, name: string, kind: Kind): void {
  const type = physicalType(kind)
  w.open()
  w.i32(1, type)
  if (type === TYPE.FIXED_LEN_BYTE_ARRAY) w.i32(2, 16)
  w.i32(3, kind.optional ? OPTIONAL : REQUIRED)
  w.text(4, name)
  const converted = CONVERTED[kind.tag]
  if (converted !== undefined) w.i32(6, converted)
  if (kind.tag === 'decimal') {
    w.i32(7, kind.scale)
    w.i32(8, kind.precision)
  }
  if (converted !== undefined) writeLogicalType(w, kind)
  w.close()
}

function writeLogicalType(w: ThriftWriter, { tag, scale, precision }: Kind): void {
  w.open(10)
  if (tag === 'utf8') w.open(1)
  else if (tag === 'date') w.open(6)
  else if (tag === 'json') w.open(12)
  else if (tag === 'decimal') {
    w.open(5)
    w.i32(1, scale)
    w.i32(2, precision)
  } else {
    w.open(8)
    w.bool(1, tag === 'timestamp')
    w.open(2)
    w.open(2)
    w.close()
    w.close()
  }
  w.close()
  w.close()
}
