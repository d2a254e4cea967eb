/**
 * BSON as JSON text, straight from its bytes. `plain` is what a json column keeps: numbers as numbers
 * with all their digits, times as ISO 8601, ObjectIds as hex, binary as base64, as the engine itself
 * writes these kinds. `extended` is relaxed Extended JSON v2, which tells every type from every other:
 * what a person sees of a document that was rejected. What JSON has no word for is extended in both.
 */
import { isUtf8 } from 'node:buffer'
import type { ByteSink } from '../../../../engine/data/byte-sink.ts'
import { binaryStart } from '../decode/bytes.ts'
import { decimalText } from '../decode/decimal-text.ts'
import { afterName, broken, TYPE, valueEnd } from './types.ts'

export type Dialect = 'plain' | 'extended'

/** A text that is no UTF-8, which JSON cannot have. */
export class NotUtf8 extends Error {}

export class JsonWriter {
  readonly #into: ByteSink
  readonly #dialect: Dialect
  readonly #bytesMax: number
  #bytes: Buffer = Buffer.alloc(0)
  #view: DataView = new DataView(new ArrayBuffer(0))

  /** Stops somewhere after `bytesMax` bytes, in the middle of the text. */
  constructor(into: ByteSink, dialect: Dialect, bytesMax = Number.POSITIVE_INFINITY) {
    this.#into = into
    this.#dialect = dialect
    this.#bytesMax = bytesMax
  }

  over(bytes: Buffer, view: DataView): void {
    this.#bytes = bytes
    this.#view = view
  }

  /** The value of that type at p. Throws NotUtf8. */
  value(type: number, p: number): void {
    const view = this.#view
    if (type === TYPE.document || type === TYPE.array) this.#parts(type, p)
    else if (type === TYPE.string || type === TYPE.symbol)
      this.#string(p + 4, p + 3 + view.getInt32(p, true))
    else if (type === TYPE.int) this.#word(String(view.getInt32(p, true)))
    else if (type === TYPE.long) this.#word(String(view.getBigInt64(p, true)))
    else if (type === TYPE.double) this.#double(view.getFloat64(p, true))
    else if (type === TYPE.bool) this.#word(this.#bytes[p] === 0 ? 'false' : 'true')
    else if (type === TYPE.null || type === TYPE.undefined) this.#word('null')
    else this.#word(this.#other(type, p))
  }

  #parts(type: number, start: number): void {
    const bytes = this.#bytes
    const list = type === TYPE.array
    let before = list ? '[' : '{'
    const end = start + this.#view.getInt32(start, true)
    let p = start + 4
    for (; bytes[p] !== 0; before = ',') {
      if (p >= end) broken(type)
      this.#word(before)
      if (this.#into.at > this.#bytesMax) return
      const inner = bytes[p] as number
      const from = afterName(bytes, p + 1)
      if (!list) {
        this.#string(p + 1, from - 1)
        this.#word(':')
      }
      this.value(inner, from)
      p = valueEnd(bytes, this.#view, inner, from)
    }
    if (before !== ',') this.#word(before)
    this.#word(list ? ']' : '}')
  }

  #word(text: string): void {
    const into = this.#into
    into.room(text.length)
    into.at += into.bytes.write(text, into.at, 'latin1')
  }

  #string(start: number, end: number): void {
    const bytes = this.#bytes
    const into = this.#into
    const cut = Math.min(end, start + this.#bytesMax)
    let simple = true
    for (let i = start; i < cut && simple; i++) {
      const c = bytes[i] as number
      simple = c > 31 && c !== 34 && c !== 92 && c < 128
    }
    if (!simple) this.#escaped(start, cut)
    else {
      into.byte(34)
      into.raw(bytes.subarray(start, cut))
      into.byte(34)
    }
  }

  #escaped(start: number, end: number): void {
    const raw = this.#bytes.subarray(start, end)
    if (this.#dialect === 'plain' && !isUtf8(raw)) throw new NotUtf8()
    const text = Buffer.from(JSON.stringify(raw.toString('utf8')))
    this.#into.raw(text)
  }

  #double(value: number): void {
    if (Number.isFinite(value)) this.#word(Object.is(value, -0) ? '-0.0' : String(value))
    else this.#word(`{"$numberDouble":"${value}"}`)
  }

  #other(type: number, p: number): string {
    const view = this.#view
    const bytes = this.#bytes
    const plain = this.#dialect === 'plain'
    switch (type) {
      case TYPE.objectId: {
        const hex = bytes.toString('hex', p, p + 12)
        return plain ? `"${hex}"` : `{"$oid":"${hex}"}`
      }
      case TYPE.date:
        return dateText(Number(view.getBigInt64(p, true)), plain)
      case TYPE.decimal: {
        const text = decimalText(view, p)
        return plain && !/[NI]/.test(text) ? text : `{"$numberDecimal":"${text}"}`
      }
      case TYPE.binary: {
        const end = valueEnd(bytes, view, type, p)
        const cut = Math.min(end, binaryStart(bytes, p) + this.#bytesMax)
        const base64 = bytes.toString('base64', binaryStart(bytes, p), cut)
        const subType = (bytes[p + 4] as number).toString(16).padStart(2, '0')
        return plain ? `"${base64}"` : `{"$binary":{"base64":"${base64}","subType":"${subType}"}}`
      }
      case TYPE.timestamp:
        return `{"$timestamp":{"t":${view.getUint32(p + 4, true)},"i":${view.getUint32(p, true)}}}`
      default:
        return rareText(bytes, view, type, p)
    }
  }
}

const YEAR_10000 = 253_402_300_800_000

function dateText(ms: number, plain: boolean): string {
  const shown = Math.abs(ms) <= 8.64e15 && (plain || (ms >= 0 && ms < YEAR_10000))
  if (!shown) return `{"$date":{"$numberLong":"${ms}"}}`
  const iso = `"${new Date(ms).toISOString()}"`
  return plain ? iso : `{"$date":${iso}}`
}

/** Types that are hardly ever met. */
function rareText(bytes: Buffer, view: DataView, type: number, p: number): string {
  if (type === TYPE.minKey) return '{"$minKey":1}'
  if (type === TYPE.maxKey) return '{"$maxKey":1}'
  const ascii = (text: string): string =>
    JSON.stringify(text).replace(
      /[^\0-\x7f]/g,
      c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
  if (type === TYPE.regex) {
    const options = afterName(bytes, p)
    const pattern = ascii(bytes.toString('utf8', p, options - 1))
    const flags = ascii(bytes.toString('utf8', options, afterName(bytes, options) - 1))
    return `{"$regularExpression":{"pattern":${pattern},"options":${flags}}}`
  }
  if (type === TYPE.code)
    return `{"$code":${ascii(bytes.toString('utf8', p + 4, p + 3 + view.getInt32(p, true)))}}`
  const end = valueEnd(bytes, view, type, p)
  const name = type === TYPE.pointer ? '$dbPointer' : '$code'
  return `{"${name}":"${bytes.toString('base64', p, Math.min(end, p + 1024))}"}`
}
