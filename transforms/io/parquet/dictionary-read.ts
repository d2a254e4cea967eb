/** Dictionary indices of a page, checked against their dictionary. */
import { readHybrid, roomFor } from './hybrid-read.ts'
import { pageKernel } from './page-kernel.ts'
import { Malformed } from './thrift-read.ts'

let codes: Int32Array = new Int32Array(1024)

/** The first `count` of the answer are the page's indices; valid until the next call. */
export function readIndices(body: Uint8Array, count: number, entries: number): Int32Array {
  if (count === 0) return codes
  const width = body[0]
  if (width === undefined) throw new Malformed('a page ends early')
  const kernel = pageKernel()
  const found = kernel?.hybrid(body.subarray(1), width, count)
  const most = kernel && found ? kernel.greatest(found) : unpacked(body, width, count)
  if (most >= entries)
    throw new Malformed(`a page has index ${most} into ${entries} dictionary entries`)
  return found ?? codes
}

/** Into `codes`; the greatest of them. */
function unpacked(body: Uint8Array, width: number, count: number): number {
  codes = roomFor(codes, count)
  readHybrid(body, { at: 1, end: body.length, width }, codes, count)
  let most = 0
  for (let i = 0; i < count; i++) {
    const code = (codes[i] as number) >>> 0
    if (code > most) most = code
  }
  return most
}
