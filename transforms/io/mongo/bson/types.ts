/** BSON's element types (bsonspec.org, version 1.1), and how many bytes a value of each takes. */
import { Fault } from '../../../../engine/fault.ts'

export const TYPE = {
  /** Not of BSON: a path that the document does not have. */
  missing: 0,
  double: 1,
  string: 2,
  document: 3,
  array: 4,
  binary: 5,
  undefined: 6,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  pointer: 12,
  code: 13,
  symbol: 14,
  scopedCode: 15,
  int: 16,
  timestamp: 17,
  long: 18,
  decimal: 19,
  maxKey: 127,
  minKey: 255,
} as const

const NAMES = new Map<number, string>(Object.entries(TYPE).map(([name, type]) => [type, name]))
/** A type as a message names it. */
export const typeName = (type: number): string => NAMES.get(type) ?? `type ${type}`

export const isAbsent = (type: number): boolean =>
  type === TYPE.missing || type === TYPE.null || type === TYPE.undefined

/** Bytes of which all have the same length; -1 where the value itself says it. */
const FIXED = new Int32Array(256).fill(-2)
for (const [type, size] of [
  [TYPE.double, 8],
  [TYPE.undefined, 0],
  [TYPE.objectId, 12],
  [TYPE.bool, 1],
  [TYPE.date, 8],
  [TYPE.null, 0],
  [TYPE.int, 4],
  [TYPE.timestamp, 8],
  [TYPE.long, 8],
  [TYPE.decimal, 16],
  [TYPE.minKey, 0],
  [TYPE.maxKey, 0],
] as const)
  FIXED[type] = size

/** The byte after the value of that type at p. Throws data: there is no such type, or a length is wrong. */
export function valueEnd(bytes: Uint8Array, view: DataView, type: number, p: number): number {
  const size = FIXED[type] as number
  if (size >= 0) return p + size
  const length = view.getInt32(p, true)
  switch (type) {
    case TYPE.string:
    case TYPE.code:
    case TYPE.symbol:
      return length < 1 ? broken(type) : p + 4 + length
    case TYPE.document:
    case TYPE.array:
    case TYPE.scopedCode:
      return length < 5 ? broken(type) : p + length
    case TYPE.binary:
      return length < 0 ? broken(type) : p + 5 + length
    case TYPE.pointer:
      return length < 1 ? broken(type) : p + 16 + length
    case TYPE.regex:
      return afterName(bytes, afterName(bytes, p))
    default:
      return broken(type)
  }
}

/** The byte after the zero that ends the name at p. */
export function afterName(bytes: Uint8Array, p: number): number {
  while (bytes[p] !== 0 && p < bytes.length) p++
  return p + 1
}

export function broken(type: number): never {
  throw new Fault('data', `a document is no valid BSON: a value of ${typeName(type)} is broken`, {
    hint: 'run validate on the collection, on the server',
  })
}
