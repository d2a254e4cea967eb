/** Text compared by its UTF-8 bytes, which is code point order and the order of DuckDB's binary collation. */

/** Whether entry a of one pool and entry b of another are the same bytes. */
export function sameText(
  bytesA: Uint8Array,
  offsetsA: Int32Array,
  a: number,
  bytesB: Uint8Array,
  offsetsB: Int32Array,
  b: number,
): boolean {
  let i = offsetsA[a] as number
  const end = offsetsA[a + 1] as number
  let j = offsetsB[b] as number
  if (end - i !== (offsetsB[b + 1] as number) - j) return false
  while (i < end) if (bytesA[i++] !== bytesB[j++]) return false
  return true
}

/** Negative where entry a of one pool comes before entry b of another, 0 where they are equal. */
export function compareBytes(
  bytesA: Uint8Array,
  offsetsA: Int32Array,
  a: number,
  bytesB: Uint8Array,
  offsetsB: Int32Array,
  b: number,
): number {
  let i = offsetsA[a] as number
  let j = offsetsB[b] as number
  const lengthA = (offsetsA[a + 1] as number) - i
  const lengthB = (offsetsB[b + 1] as number) - j
  const end = i + (lengthA < lengthB ? lengthA : lengthB)
  while (i < end) {
    const order = (bytesA[i++] as number) - (bytesB[j++] as number)
    if (order !== 0) return order
  }
  return lengthA - lengthB
}
