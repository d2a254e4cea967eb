/**
 * One step of a Grace hash (Kitsuregawa et al., 1983): a partition that does not fit in memory is
 * split on disk by bits of the hash that were not used yet, and each part is tried again. Rows keep
 * their order. Rows of one key cannot be separated: a caller stops where a part stays as large.
 */
import type { AnySchema } from '../../data/schema.ts'
import type { Partition, Spill } from '../operator.ts'
import { Adopter } from './adopter.ts'
import type { HashRows } from './hash.ts'
import { Splitter } from './splitter.ts'

export interface RepartitionOptions {
  readonly schema: AnySchema
  readonly hashRows: HashRows
  /** How often the rows were split before: 0, 1, … */
  readonly level: number
  /** Parts to make, a power of two. Default 8. */
  readonly fanout?: number
  /** Free the partition's blocks as they are read. */
  readonly release?: boolean
}

/**
 * Splits a partition into `fanout` parts on disk, which may be empty. Throws resource: the disk.
 */
export function repartition(
  partition: Partition,
  spill: Spill,
  o: RepartitionOptions,
): Partition[] {
  const { schema, hashRows, level, fanout = 8, release = false } = o
  spill.splitting(level + 1)
  const shift = 32 - Math.log2(fanout)
  const splitter = new Splitter(fanout, (batch, out) => {
    hashRows(batch, out)
    toParts(out, batch.selected, level, shift)
  })
  const writers = Array.from({ length: fanout }, () => spill.open(schema))
  const adopter = new Adopter(schema)
  for (const block of partition.batches({ release })) {
    splitter.split(block)
    const batch = adopter.adopt(block)
    const { order, starts } = splitter
    writers.forEach((writer, p) => {
      const [from, to] = [starts[p] as number, starts[p + 1] as number]
      if (from < to) writer.write(batch, order.subarray(from, to), to - from)
    })
  }
  return writers.map(writer => writer.close())
}

/**
 * Mixes the hash anew for each level: its top bits chose the partition, its low ones choose slots.
 */
function toParts(hashes: Int32Array, rows: number, level: number, shift: number): void {
  const seed = Math.imul(level + 1, -1640531527)
  for (let k = 0; k < rows; k++) {
    let h = (hashes[k] as number) ^ seed
    h = Math.imul(h ^ (h >>> 16), -2048144789)
    h = Math.imul(h ^ (h >>> 13), -1028477387)
    hashes[k] = (h ^ (h >>> 16)) >>> shift
  }
}
