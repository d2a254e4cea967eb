/**
 * Hashes of key columns, 32 bits a row, by generated code for each shape of key. A hash depends on
 * the values alone: text by its bytes, never by its code, so that it is the same in every worker.
 * Null has a hash of its own; -0 hashes as 0 and every NaN as one. Equal values of different kinds
 * (an int32 and a float64) hash differently.
 *
 * Mixing is MurmurHash3's (x86, 32 bits: Appleby, public domain), so that the top bits, which
 * choose the partition, are as good as the low ones, which choose the slot of a hash table.
 */
import { type Batch, columnOf } from '../../data/batch.ts'
import { isText } from '../../data/column.ts'
import { isWide, type Kind } from '../../data/kind.ts'
import { hashBytes, type Pool } from '../../data/pool.ts'
import { type AnySchema, fieldOf, indexOf } from '../../data/schema.ts'
import { compileOnce } from '../../compile/compile-once.ts'
import { halvesOf } from './gather.ts'
import type { PartitionOf } from './splitter.ts'

/** Writes the hash of the k-th selected row's key to hashes[k]. */
export type HashRows = (batch: Batch, hashes: Int32Array) => void

type Loop = (args: unknown[], selection: Int32Array | null, rows: number, out: Int32Array) => void

const NULL = 0x6e756c6c
/** A double, and its two halves as words. */
const FLOAT = new Float64Array(1)
const SCRATCH = [FLOAT, new Int32Array(FLOAT.buffer)]

/**
 * Makes the function that hashes `keys` of batches of the schema. Throws pipeline: no such column.
 */
export function keyHasher(schema: AnySchema, keys: readonly string[]): HashRows {
  const columns = keys.map(name => ({ ...fieldOf(schema, name), index: indexOf(schema, name) }))
  const loop = compileOnce<Loop>('hash', ['F', 'I'], source(columns.map(c => c.kind)), SCRATCH)
  const texts = columns.map(() => new EntryHashes())
  return (batch, hashes) => {
    const args: unknown[] = []
    columns.forEach(({ kind, index }, j) => {
      const { values, valid, pool } = columnOf(batch, index)
      const stored = values instanceof BigInt64Array ? halvesOf(values) : values
      const known = isText(kind) ? (texts[j] as EntryHashes).of(pool as Pool) : null
      args.push(stored, valid, known)
    })
    loop(args, batch.selection, batch.selected, hashes)
  }
}

/** The partition of a row by its hash's top bits; for any number of partitions. */
export function hashPartition(hashRows: HashRows, partitions: number): PartitionOf {
  return (batch, out) => {
    hashRows(batch, out)
    toPartitions(out, batch.selected, partitions)
  }
}

function toPartitions(hashes: Int32Array, rows: number, partitions: number): void {
  const scale = partitions / 2 ** 32
  for (let k = 0; k < rows; k++) hashes[k] = ((hashes[k] as number) >>> 0) * scale
}

function source(kinds: readonly Kind[]): string {
  const bind = kinds.map((_, j) => `c${j}=A[${3 * j}],n${j}=A[${3 * j + 1}],h${j}=A[${3 * j + 2}]`)
  const mix = kinds.map((kind, j) => {
    const words = wordsOf(kind, j)
    const none = `h=${mixed('h', String(NULL))};`
    return `if(n${j}!==null&&n${j}[i]===0){${none}}else{${words}}`
  })
  return `return function(A,S,N,O){
${bind.length > 0 ? `const ${bind.join(',')};` : ''}
for(let k=0;k<N;k++){const i=S===null?k:S[k];let h=${kinds.length},x=0;
${mix.join('\n')}
h^=h>>>16;h=Math.imul(h,-2048144789);h^=h>>>13;h=Math.imul(h,-1028477387);O[k]=h^h>>>16}}`
}

/** Statements that mix the value of column j at row i into `h`. */
function wordsOf(kind: Kind, j: number): string {
  const mix = (word: string) => `h=${mixed('h', word)};`
  if (isText(kind)) return mix(`h${j}[c${j}[i]]`)
  if (isWide(kind)) return [0, 1, 2, 3].map(w => mix(`c${j}[4*i+${w}]`)).join('')
  if (kind.tag === 'bigint') return mix(`c${j}[2*i]`) + mix(`c${j}[2*i+1]`)
  if (kind.tag === 'bool' || kind.tag === 'int32' || kind.tag === 'date') return mix(`c${j}[i]`)
  const float = kind.tag === 'float64' || kind.tag === 'float32'
  // Adding 0 makes -0 a 0; the bits of a NaN are whatever made it.
  const one = float ? 'if(F[0]!==F[0]){I[0]=0;I[1]=2146959360}' : ''
  return `F[0]=c${j}[i]+0;${one}${mix('I[0]')}${mix('I[1]')}`
}

const mixed = (h: string, word: string): string =>
  `(x=Math.imul(${word},-862048943),x=${h}^Math.imul(x<<15|x>>>17,461845907),Math.imul(x<<13|x>>>19,5)+-430675100|0)`

/** The hash of each entry of a pool; computed anew a batch where the pool keeps none. */
class EntryHashes {
  #hashes = new Int32Array(256)

  of(pool: Pool): Int32Array {
    if (pool.unique) return pool.hashes
    if (this.#hashes.length < pool.count) this.#hashes = new Int32Array(pool.count * 2)
    hashEntries(pool.bytes, pool.offsets, pool.count, this.#hashes)
    return this.#hashes
  }
}

function hashEntries(bytes: Uint8Array, offsets: Int32Array, count: number, out: Int32Array): void {
  for (let e = 0; e < count; e++)
    out[e] = hashBytes(bytes, offsets[e] as number, offsets[e + 1] as number)
}
