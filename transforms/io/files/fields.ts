/**
 * The fields of a batch's records as positions in the window's bytes: what a tokeniser leaves and
 * the decoders read. Reading in two passes (find the fields, then decode column by column) costs
 * less than one generated pass per set of columns: each loop stays small, has one type of input, and
 * is compiled once for all files and schemas.
 *
 * | position of field k in row r   | value                                                      |
 * |--------------------------------|------------------------------------------------------------|
 * | `at[2 * (r * stride + k)]`     | its first byte, after an opening quote                     |
 * | `at[2 * (r * stride + k) + 1]` | the byte after its last; ~that where it holds escapes; NULL |
 *
 * A field was quoted where the byte before it is a quote.
 */
export const NULL = -2147483648
export const QUOTE = 34

/** A buffer whose own methods Node's types leave out: half the cost of toString for short strings. */
export type Bytes = Buffer & {
  utf8Slice(start: number, end: number): string
  latin1Slice(start: number, end: number): string
}

export interface Fields {
  bytes: Bytes
  /** The same bytes, for words of four. */
  view: DataView
  at: Int32Array
  /** Fields a row in `at`. */
  readonly stride: number
  rows: number
  /** True where a field in quotes is a JSON string; else quotes are the format's own. */
  readonly json: boolean
  /**
   * A row's field cannot be read as its column; the first reason given for a row stays. `part`: the path of
   * what was refused within a nested value, where it was not the whole.
   */
  refuse(row: number, why: string, part?: string): void
  /** The bytes of an escaped field, escapes resolved: length in `plain`. */
  unescape(start: number, end: number): number
  /** Where `unescape` writes. */
  plain: Bytes
}

export const isNull = (end: number): boolean => end === NULL
