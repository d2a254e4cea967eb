/** Sizes as people write them: `256MB`, `1.5 GB`, `64KiB`, `4096`. */
import { Fault } from '../../../engine/fault.ts'

const UNITS: { readonly [unit: string]: number } = {
  '': 1,
  b: 1,
  kb: 2 ** 10,
  mb: 2 ** 20,
  gb: 2 ** 30,
  tb: 2 ** 40,
}

/**
 * Bytes in a text; K, M, G and T are powers of 1024, with or without the i.
 *
 * Throws  pipeline: not a size
 * @example
 * parseBytes('256MB') // 268435456
 */
export function parseBytes(text: string | number): number {
  const found = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?(b?)\s*$/i.exec(String(text))
  const unit = found && UNITS[`${found[2]}${found[2] ? 'b' : found[3]}`.toLowerCase()]
  const bytes = found && unit ? Math.floor(Number(found[1]) * unit) : 0
  if (!(bytes > 0) || !Number.isSafeInteger(bytes))
    throw new Fault('pipeline', `${JSON.stringify(text)} is not a size`, {
      hint: "such as '256MB'",
    })
  return bytes
}
