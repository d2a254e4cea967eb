/**
 * JSON that Postgres gives as text: json and jsonb as they are, arrays of several dimensions and composites
 * as `to_json` writes them. It comes without white space between its parts, or as a list or struct; what
 * does not fit is told by its path.
 */
import { ByteSink } from '../../../engine/data/byte-sink.ts'
import { compactJson, isJsonNull } from '../../../engine/data/json-text.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { joined } from '../../../engine/data/plain.ts'
import { PartError } from '../files/decode/json-part.ts'
import { partOf } from '../files/decode/json-parts.ts'
import { JsonText } from '../files/decode/json-text.ts'
import type { Bytes } from '../files/fields.ts'
import type { Located } from './copy-out.ts'
import { checkUtf8, type Decode, nulls } from './decode.ts'
import { FLAW } from './flaws.ts'

const LF = 10
const text = new JsonText()
const source = new ByteSink()

/** `checked`: the server's encoding does not promise UTF-8. */
interface Checked {
  readonly checked: boolean
}

/** A json column. The text `null` is null. */
export function json({ checked }: Checked): Decode {
  return converted(checked, (bytes, start, end, sink) => compactJson(bytes, start, end, sink))
}

/** A list or a struct out of JSON. */
export function fromJson(kind: Kind, { checked }: Checked): Decode {
  const part = partOf(kind.required)
  return converted(checked, (bytes, start, end, sink) => {
    over(bytes, start, end)
    part.read(text, sink)
  })
}

/** Why a value does not fit, as `lines[2].price: expected …`. */
export function partReason(name: string, kind: Kind, value: Uint8Array): string {
  try {
    over(value, 0, value.length)
    partOf(kind.required).read(text, new ByteSink())
  } catch (error) {
    if (!(error instanceof PartError)) throw error
    return error.path === '' ? error.message : `${joined(name, error.path)}: ${error.message}`
  }
  return `expected ${kind.required.name}, got another value`
}

/** The cursor looks at what follows a number. */
function over(bytes: Uint8Array, start: number, end: number): void {
  source.at = 0
  source.raw(bytes.subarray(start, end))
  source.byte(LF)
  text.over(source.bytes as Bytes, source.view, 0)
}

type Convert = (bytes: Uint8Array, start: number, end: number, into: ByteSink) => void

function converted(checked: boolean, convert: Convert): Decode {
  const sink = new ByteSink()
  return (rows, field, into) => {
    if (checked) checkUtf8(rows, field, into)
    const { bytes, stride } = rows
    const at = new Int32Array(rows.rows)
    const lengths = new Int32Array(rows.rows).fill(-1)
    sink.at = 0
    for (let r = 0, k = field * stride; r < rows.rows; r++, k++) {
      const start = rows.at[k] as number
      const end = start + (rows.lengths[k] as number)
      at[r] = sink.at
      if (end < start || isJsonNull(bytes, start, end)) continue
      try {
        convert(bytes, start, end, sink)
      } catch (error) {
        if (!(error instanceof PartError)) throw error
        into.flaws.add(r, into.index, FLAW.part)
        sink.at = at[r] as number
      }
      lengths[r] = sink.at - (at[r] as number)
    }
    const found: Located = {
      ...rows,
      bytes: sink.bytes,
      view: sink.view,
      at,
      lengths,
      stride: rows.rows,
    }
    nulls(found, 0, into)
    into.texts?.decode(found, 0)
  }
}
