/** Reads the page index of a column chunk; an index that contradicts its chunk is refused as damage. */
import { listOf, type ParquetFile } from './footer-read.ts'
import type { ChunkMeta, PageMeta, Place, Statistics } from './format.ts'
import { Malformed, ThriftReader, type ThriftStruct, type ThriftValue } from './thrift-read.ts'

/** An index is small; a larger one is taken for damage. */
const INDEX_BYTES_MAX = 64 << 20

/** The chunk's data pages; null where the file does not say. */
export function readPageIndex(file: ParquetFile, chunk: ChunkMeta): PageMeta[] | null {
  if (chunk.offsetIndex === null) return null
  const pages = placesOf(structAt(file, chunk.offsetIndex), chunk)
  if (chunk.columnIndex === null) return pages
  const index = structAt(file, chunk.columnIndex)
  const [empty, mins, maxs] = [1, 2, 3].map(id => listOf(index, id)) as ThriftValue[][]
  const nulls = index.has(5) ? listOf(index, 5) : null
  for (const list of [empty, mins, maxs, nulls])
    if (list && list.length !== pages.length) throw damaged('has bounds of other pages')
  return pages.map((page, i) => ({
    ...page,
    statistics: statisticsOf(page.rows, {
      empty: empty?.[i] === true,
      min: mins?.[i],
      max: maxs?.[i],
      nullCount: nulls?.[i],
    }),
  }))
}

interface Facts {
  readonly empty: boolean
  readonly min: ThriftValue | undefined
  readonly max: ThriftValue | undefined
  readonly nullCount: ThriftValue | undefined
}

/** Bounds may have been cut short: they are no values. */
function statisticsOf(rows: number, { empty, min, max, nullCount }: Facts): Statistics {
  if (!(min instanceof Uint8Array && max instanceof Uint8Array)) throw damaged('has no bounds')
  const known = typeof nullCount === 'number' && nullCount >= 0 && nullCount <= rows
  if (nullCount !== undefined && !known) throw damaged(`has ${String(nullCount)} nulls`)
  return {
    nullCount: empty ? rows : known ? nullCount : null,
    min: empty ? null : min,
    max: empty ? null : max,
    minExact: false,
    maxExact: false,
  }
}

function placesOf(index: ThriftStruct, { values, bytes, dataOffset }: ChunkMeta): PageMeta[] {
  const places = listOf(index, 1).map(place => {
    if (!(place instanceof Map)) throw damaged('has no places')
    const [at, size, firstRow] = [1, 2, 3].map(id => Number(place.get(id)))
    return { at: at as number, bytes: size as number, firstRow: firstRow as number }
  })
  return places.map((place, i) => {
    const next = places[i + 1]?.firstRow ?? values
    const rows = next - place.firstRow
    const first = i > 0 || place.firstRow === 0
    const inside =
      place.at >= dataOffset && place.bytes > 0 && place.at + place.bytes <= dataOffset + bytes
    if (!(first && rows > 0 && inside)) throw damaged(`places page ${i} elsewhere`)
    return { ...place, rows, statistics: null }
  })
}

function structAt(file: ParquetFile, { at, bytes }: Place): ThriftStruct {
  if (bytes > INDEX_BYTES_MAX) throw damaged(`has ${bytes} bytes`)
  return new ThriftReader(file.read(at, bytes)).struct()
}

const damaged = (what: string): Malformed => new Malformed(`its page index ${what}`)
