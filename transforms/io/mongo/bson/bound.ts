/**
 * A value of BSON as something that the driver writes back as the same bytes: ends of ranges, and where
 * a cursor that died is taken up again. Documents become Maps, as an object would put names that look
 * like numbers first. Bounds are kept as text: base64 of the document `{ "": value }`.
 */
import { afterName, TYPE, valueEnd } from './types.ts'

type Bson = typeof import('mongodb').BSON

/** The bound of the value of that type at bytes[start..end). */
export function boundOf(bytes: Uint8Array, type: number, start: number, end: number): string {
  const document = Buffer.alloc(4 + 2 + (end - start) + 1)
  document.writeInt32LE(document.length, 0)
  document[4] = type
  document.set(bytes.subarray(start, end), 6)
  return document.toString('base64')
}

/** What a command takes for it. */
export function boundValue(bson: Bson, bound: string): unknown {
  const bytes = Buffer.from(bound, 'base64')
  return valueAt(bson, bytes, bytes[4] as number, 6)
}

function valueAt(bson: Bson, bytes: Buffer, type: number, start: number): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = valueEnd(bytes, view, type, start)
  if (type !== TYPE.document && type !== TYPE.array) return scalar(bson, bytes, type, start, end)
  const found: [string, unknown][] = []
  for (let p = start + 4; bytes[p] !== 0; ) {
    const from = afterName(bytes, p + 1)
    const name = bytes.toString('utf8', p + 1, from - 1)
    const inner = bytes[p] as number
    found.push([name, valueAt(bson, bytes, inner, from)])
    p = valueEnd(bytes, view, inner, from)
  }
  return type === TYPE.array ? found.map(([, value]) => value) : new Map(found)
}

/** Numbers keep their width: 1, 1.0 and NumberLong(1) are told apart. */
function scalar(bson: Bson, bytes: Buffer, type: number, start: number, end: number): unknown {
  const document = Buffer.from(boundOf(bytes, type, start, end), 'base64')
  return bson.deserialize(document, { promoteValues: false, bsonRegExp: true })['']
}

/** As a person reads it: `6b01…`, `"a"`, `17`. */
export function boundText(bson: Bson, bound: string): string {
  const value = boundValue(bson, bound)
  const text = bson.EJSON.stringify(value instanceof Map ? Object.fromEntries(value) : value, {
    relaxed: true,
  })
  return /^\{"\$oid":"([0-9a-f]{24})"\}$/.exec(text)?.[1] ?? text
}
