/** JSON texts of a page without the white space between their parts, as our own are kept. */
import { ByteSink } from '../../../engine/data/nested.ts'
import { JsonText } from '../files/decode/json-text.ts'
import { tooDeep } from '../files/json-depth.ts'
import type { Bytes } from '../files/fields.ts'
import type { Raw } from './plain-read.ts'

const SPACE = 32
const text = new JsonText()
const NO_VIEW = new DataView(new ArrayBuffer(0))

/** The same values; those that are no JSON stay as they are. */
export function compacted(raw: Raw): Raw {
  const { bytes, starts, ends, count } = raw
  const sink = new ByteSink()
  const from = new Int32Array(count)
  const to = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const [start, end] = [starts[i] as number, ends[i] as number]
    from[i] = sink.at
    const value = bytes.subarray(start, end)
    if (value.some(c => c <= SPACE) && isJson(value)) {
      // The cursor looks at what follows a number.
      text.over(Buffer.concat([value, Buffer.from('\n')]) as unknown as Bytes, NO_VIEW, 0)
      text.copy(sink)
    } else sink.raw(value)
    to[i] = sink.at
  }
  return { ...raw, bytes: sink.bytes, starts: from, ends: to }
}

export function isJson(value: Uint8Array): boolean {
  const json = Buffer.from(value.buffer, value.byteOffset, value.length).toString()
  if (tooDeep(json)) return false
  try {
    JSON.parse(json)
    return true
  } catch {
    return false
  }
}
