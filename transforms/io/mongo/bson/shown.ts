/** Values as a message shows them, short, with their types: `string "abc"`, `int 5`, `array [1,2]`. */
import { ByteSink } from '../../../../engine/data/byte-sink.ts'
import { JsonWriter } from './json.ts'
import { isAbsent, TYPE, typeName } from './types.ts'

const SHOWN = 80
/** As rejects of other sources have it. */
const RAW_MAX = 4096

const sink = new ByteSink()

/** Extended JSON of the value of that type whose first byte is at p, cut. */
export function jsonAt(bytes: Buffer, type: number, p: number, bytesMax = RAW_MAX): string {
  sink.at = 0
  const writer = new JsonWriter(sink, 'extended', bytesMax)
  writer.over(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  writer.value(type, p)
  const text = sink.bytes.toString('utf8', 0, Math.min(sink.at, bytesMax))
  return sink.at > bytesMax ? `${text.replace(/\uFFFD$/, '')}…` : text
}

/** `p`: where a walk says that it lies (`walk.ts`). */
export function shownAt(bytes: Buffer, type: number, p: number): string {
  if (type === TYPE.missing) return 'nothing'
  if (isAbsent(type)) return 'null'
  const start = type === TYPE.string || type === TYPE.symbol ? p - 4 : p
  const text = jsonAt(bytes, type, start, SHOWN)
  const plain = /^\{"\$(?:oid|date|numberDecimal)":"([^"]*)"\}$/.exec(text)?.[1] ?? text
  return `${typeName(type)} ${plain}`
}

/** An `_id` as text: of an ObjectId its digits, of a string itself. */
export function idText(bytes: Buffer, type: number, p: number): string {
  const shown = shownAt(bytes, type, p)
  return shown.startsWith('objectId ') ? shown.slice(9) : shown.replace(/^\w+ /, '')
}
