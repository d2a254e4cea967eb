/** Codes of one dictionary in those of another, as far as an array knows them. */

/**
 * Maps the codes of selected rows `from` … `to`, of a null to 0; stops at one that is not mapped (-1 in
 * `map`), and answers where.
 */
export function mapCodes(
  values: Int32Array,
  valid: Uint8Array | null,
  selection: Int32Array | null,
  from: number,
  to: number,
  map: Int32Array,
  out: Int32Array,
): number {
  for (let k = from; k < to; k++) {
    const i = selection === null ? k : (selection[k] as number)
    if (valid !== null && valid[i] === 0) {
      out[i] = 0
      continue
    }
    const code = map[values[i] as number] as number
    if (code < 0) return k
    out[i] = code
  }
  return to
}
