/** The numbers and structs of parquet.thrift that we write or read, under its own names. */
export const TYPE = {
  BOOLEAN: 0,
  INT32: 1,
  INT64: 2,
  INT96: 3,
  FLOAT: 4,
  DOUBLE: 5,
  BYTE_ARRAY: 6,
  FIXED_LEN_BYTE_ARRAY: 7,
} as const
export const TYPE_NAMES = Object.keys(TYPE)

export const ENCODING = {
  PLAIN: 0,
  PLAIN_DICTIONARY: 2,
  RLE: 3,
  BIT_PACKED: 4,
  DELTA_BINARY_PACKED: 5,
  DELTA_LENGTH_BYTE_ARRAY: 6,
  DELTA_BYTE_ARRAY: 7,
  RLE_DICTIONARY: 8,
  BYTE_STREAM_SPLIT: 9,
} as const

export const CODEC_NAMES = [
  'UNCOMPRESSED',
  'SNAPPY',
  'GZIP',
  'LZO',
  'BROTLI',
  'LZ4',
  'ZSTD',
  'LZ4_RAW',
]
export const ZSTD = 6
export const PAGE = { DATA: 0, INDEX: 1, DICTIONARY: 2, DATA_V2: 3 } as const

export interface Statistics {
  readonly nullCount: number | null
  /** Plain-encoded; null where none is known. */
  readonly min: Uint8Array | null
  readonly max: Uint8Array | null
  /** False where min or max was cut short: still a bound, but no value of the column. */
  readonly minExact: boolean
  readonly maxExact: boolean
}

/** Where bytes lie in the file. */
export interface Place {
  readonly at: number
  readonly bytes: number
}

/** A data page of a chunk; rows count from the start of the row group. */
export interface PageMeta {
  /** With its header, from the start of the file. */
  readonly at: number
  readonly bytes: number
  readonly firstRow: number
  readonly rows: number
  /** Null where the chunk's pages have no bounds that all of them know. */
  readonly statistics: Statistics | null
}

/** A column chunk; offsets count from the start of the file. */
export interface ChunkMeta {
  readonly type: number
  /** Its name, below those of the groups that it lies in. */
  readonly path: readonly string[]
  readonly codec: number
  readonly values: number
  readonly encodings: readonly number[]
  readonly rawBytes: number
  readonly bytes: number
  readonly dataOffset: number
  readonly dictionaryOffset: number | null
  readonly statistics: Statistics | null
  /** Bounds of each page, and where each lies: written for chunks of several pages. */
  readonly columnIndex: Place | null
  readonly offsetIndex: Place | null
}

export interface RowGroupMeta {
  readonly rows: number
  readonly chunks: readonly ChunkMeta[]
}
