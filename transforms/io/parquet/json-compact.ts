/** JSON texts of a page without the white space between their parts, as our own are kept. */
import { compactJson, isJson } from '../../../engine/data/json-text.ts'
import { ByteSink } from '../../../engine/data/byte-sink.ts'
import type { Raw } from './plain-read.ts'

const SPACE = 32

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
    if (value.some(c => c <= SPACE) && isJson(value)) compactJson(bytes, start, end, sink)
    else sink.raw(value)
    to[i] = sink.at
  }
  return { ...raw, bytes: sink.bytes, starts: from, ends: to }
}
