/**
 * JSON texts that come as a whole: a field of CSV, a value of Parquet or of Arrow. Whether one is JSON, how
 * deep its lists and objects lie in one another, and its bytes as our own are: without white space between
 * the parts. JSON.parse takes minutes over millions of brackets, and what has thousands of levels cannot be
 * written again.
 */
import { isUtf8 } from 'node:buffer'
import type { ByteSink } from './byte-sink.ts'

export const JSON_DEPTH_MAX = 1000
const [QUOTE, BACKSLASH, SPACE] = [34, 92, 32]

/** Whether the text goes deeper. It may be no JSON. Cost: a look at each character of long texts. */
export function tooDeep(json: string): boolean {
  // Each level has two brackets.
  if (json.length <= 2 * JSON_DEPTH_MAX) return false
  let depth = 0
  let quoted = false
  for (let i = 0; i < json.length; i++) {
    const c = json.charCodeAt(i)
    if (c === QUOTE) quoted = !quoted
    else if (quoted) i += c === BACKSLASH ? 1 : 0
    else if (c === 123 || c === 91) depth++
    else if (c === 125 || c === 93) depth--
    if (depth > JSON_DEPTH_MAX) return true
  }
  return false
}

/** Whether the bytes are one JSON value, in UTF-8 and not too deep. */
export function isJson(value: Uint8Array): boolean {
  if (!isUtf8(value)) return false
  const json = Buffer.from(value.buffer, value.byteOffset, value.length).toString()
  if (tooDeep(json)) return false
  try {
    JSON.parse(json)
    return true
  } catch {
    return false
  }
}

/** Whether the bytes say null, as JSON does: in every format that is no value. */
export const isJsonNull = (bytes: Uint8Array, start: number, end: number): boolean =>
  end - start === 4 &&
  bytes[start] === 110 &&
  bytes[start + 1] === 117 &&
  bytes[start + 2] === 108 &&
  bytes[start + 3] === 108

/** Writes the JSON of bytes[start..end) without the white space between its parts. Of what is no JSON nothing is promised. */
export function compactJson(bytes: Uint8Array, start: number, end: number, into: ByteSink): void {
  let run = start
  let quoted = false
  for (let i = start; i < end; i++) {
    const c = bytes[i] as number
    if (c === QUOTE) quoted = !quoted
    else if (quoted) i += c === BACKSLASH ? 1 : 0
    else if (c <= SPACE) {
      into.part(bytes, run, i)
      run = i + 1
    }
  }
  into.part(bytes, run, end)
}
