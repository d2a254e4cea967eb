/**
 * Rows to group numbers: an open-addressing table over typed arrays. Keys of text are the codes of the
 * batches' dictionary, as long as all have the same one; else codes of the table's own pools, found
 * through an array by the batch's code, so that a string is hashed once per dictionary entry. Either
 * way it is compared as an integer. Null is a key of its own; NaN equals NaN; -0 equals 0.
 * Groups are numbered by first appearance. The lookup is generated for the kinds of the keys.
 */
import { type Batch, columnOf } from '../../data/batch.ts'
import { type Column, isText, lanes, newValues, type Values } from '../../data/column.ts'
import { isWide, type Kind } from '../../data/kind.ts'
import { Pool } from '../../data/pool.ts'
import { compileOnce } from '../compile-once.ts'

/** From a batch pool's codes to a table pool's codes; kept while the batches bring the same pool. */
class Remap {
  readonly pool: Pool
  codes = new Int32Array(0)
  #source: Pool | null = null
  #known = 0

  constructor(pool = new Pool(true)) {
    this.pool = pool
  }

  /** `all`: every entry is used, as it is in blocks of an exchange. */
  prepare(source: Pool, all: boolean): Int32Array {
    if (all) {
      this.#source = null
      if (this.codes.length < source.count) this.codes = new Int32Array(source.count * 2)
      this.pool.internAll(source, this.codes)
      return this.codes
    }
    if (source !== this.#source || !source.unique) this.#known = 0
    this.#source = source
    if (this.codes.length < source.count) {
      const grown = new Int32Array(source.count * 2)
      grown.set(this.codes.subarray(0, this.#known))
      this.codes = grown
    }
    if (this.#known < source.count) this.codes.fill(-1, this.#known, source.count)
    this.#known = source.count
    return this.codes
  }

  add(code: number): number {
    const source = this.#source as Pool
    const own = this.pool.internHashed(
      source.bytes,
      source.offsets[code] as number,
      source.offsets[code + 1] as number,
      source.hashOf(code),
    )
    this.codes[code] = own
    return own
  }

  /** The same memory for another pool. */
  renewed(): Remap {
    const remap = new Remap(this.pool.renewed())
    remap.codes = this.codes
    return remap
  }
}

type Assign = (
  columns: Column[],
  remaps: (Int32Array | null)[],
  rows: number,
  selection: Int32Array | null,
  groups: Int32Array,
  table: GroupTable,
) => void

export class GroupTable {
  readonly kinds: readonly Kind[]
  count = 0
  capacity = 0
  slots = new Int32Array(0)
  hashes = new Int32Array(0)
  /** The groups' keys, by key; text as codes, -1 for null. */
  values: Values[] = []
  /** 1 where a key is null; null for keys that cannot be, and for text. */
  nulls: (Uint8Array | null)[] = []
  readonly #remaps: (Remap | null)[]
  /** By key: the batches' own dictionary, whose codes stand for text while all batches have it. */
  #adopted: (Pool | null)[] = []
  readonly #assign: Assign
  #groups = new Int32Array(0)

  constructor(kinds: readonly Kind[]) {
    this.kinds = kinds
    this.#remaps = kinds.map(kind => (isText(kind) ? new Remap() : null))
    this.#assign = compileOnce<Assign>('groups', ['FLOAT', 'HALVES'], assignCode(kinds), SCRATCH)
    this.grow()
  }

  /** The group of each selected row, by row index; new keys become new groups. Valid until the next call. */
  assign(batch: Batch, keys: readonly number[]): Int32Array {
    if (this.#groups.length < batch.rows) this.#groups = new Int32Array(batch.rows)
    const columns = keys.map(key => columnOf(batch, key))
    if (this.count === 0) this.#adopted = columns.map(c => (c.pool?.unique ? c.pool : null))
    else if (columns.some((c, j) => this.#adopted[j] && this.#adopted[j] !== c.pool)) this.#leave()
    this.#number(columns, batch, this.#groups)
    return this.#groups
  }

  #number(
    columns: Column[],
    { selected, selection }: { selected: number; selection: Int32Array | null },
    groups: Int32Array,
  ): void {
    const remaps = columns.map(({ pool }, j) => {
      if (pool === null || this.#adopted[j]) return null
      const all = selection === null && !pool.unique && pool.count <= selected
      return this.#remaps[j]?.prepare(pool, all) ?? null
    })
    this.#assign(columns, remaps, selected, selection, groups, this)
  }

  /** Another dictionary came: the groups that are there get codes of the table's own pools. */
  #leave(): void {
    const { count } = this
    const columns = this.kinds.map((kind, j) => {
      const column = this.column(j, kind)
      return { ...column, values: column.values.slice() }
    })
    this.count = 0
    this.slots.fill(-1)
    this.#adopted = []
    this.#number(columns, { selected: count, selection: null }, new Int32Array(count))
  }

  /** Called by generated code for an entry that it meets first. */
  remap(key: number, code: number): number {
    return (this.#remaps[key] as Remap).add(code)
  }

  /** Makes room for so many groups. */
  reserve(groups: number): void {
    let capacity = this.capacity
    while (capacity <= groups) capacity *= 2
    if (capacity > this.capacity) this.grow(capacity)
  }

  grow(capacity = Math.max(256, this.capacity * 2)): void {
    this.values = this.kinds.map((kind, j) => widen(kind, this.values[j], capacity))
    this.nulls = this.kinds.map((kind, j) => {
      if (isText(kind) || !kind.optional) return null
      const grown = new Uint8Array(capacity)
      grown.set(this.nulls[j] ?? [])
      return grown
    })
    const hashes = new Int32Array(capacity)
    hashes.set(this.hashes)
    this.hashes = hashes
    this.capacity = capacity
    this.slots = new Int32Array(capacity * 2).fill(-1)
    const mask = this.slots.length - 1
    for (let g = 0; g < this.count; g++) {
      let slot = (hashes[g] as number) & mask
      while ((this.slots[slot] as number) >= 0) slot = (slot + 1) & mask
      this.slots[slot] = g
    }
  }

  /** A key's column over groups `from` … `to`: views, where it can; valid until the table changes. */
  column(j: number, kind: Kind, from = 0, to = this.count): Column {
    const width = lanes(kind)
    const values = (this.values[j] as Values).subarray(from * width, to * width)
    const remap = this.#remaps[j]
    if (!remap) {
      const valid = this.nulls[j]?.subarray(from, to).map(n => 1 - n) ?? null
      return { kind, values, valid, pool: null }
    }
    const pool = this.#adopted[j] ?? remap.pool
    if (!kind.optional) return { kind, values, valid: null, pool }
    const codes = (values as Int32Array).slice()
    const valid = new Uint8Array(to - from).fill(1)
    for (let g = 0; g < codes.length; g++) {
      if ((codes[g] as number) >= 0) continue
      valid[g] = 0
      codes[g] = 0
    }
    return { kind, values: codes, valid, pool }
  }

  /** Bytes of the text of the keys of groups `from` and on. */
  textBytes(from: number): number {
    let bytes = 0
    this.#remaps.forEach((remap, j) => {
      if (remap === null) return
      const codes = this.values[j] as Int32Array
      const { offsets } = this.#adopted[j] ?? remap.pool
      for (let g = from; g < this.count; g++) {
        const code = codes[g] as number
        if (code >= 0) bytes += (offsets[code + 1] as number) - (offsets[code] as number)
      }
    })
    return bytes
  }

  /** Forgets all groups. Pools stay while they are small. */
  clear(): void {
    this.count = 0
    this.slots.fill(-1)
    this.#remaps.forEach((remap, j) => {
      if (remap && remap.pool.count > 1 << 16) this.#remaps[j] = new Remap()
    })
  }

  /** As new, in the same memory: what `column` answered so far may not be read any more. */
  renew(): void {
    this.count = 0
    this.slots.fill(-1)
    this.#remaps.forEach((remap, j) => {
      this.#remaps[j] = remap?.renewed() ?? null
    })
  }

  get heldBytes(): number {
    let bytes = this.slots.byteLength + this.hashes.byteLength
    for (const v of this.values) bytes += v.byteLength
    for (const r of this.#remaps) bytes += r ? r.pool.heldBytes + r.codes.byteLength : 0
    return bytes
  }
}

export function widen<V extends Values>(kind: Kind, values: V | undefined, rows: number): Values {
  const grown = newValues(kind, rows)
  if (values) (grown as Float64Array).set(values as unknown as Float64Array)
  return grown
}

/** A double, and its two halves as words. */
const FLOAT = new Float64Array(1)
const SCRATCH = [FLOAT, new Int32Array(FLOAT.buffer)]

/** The lookup for these kinds: read the keys, hash, probe, insert. */
function assignCode(kinds: readonly Kind[]): string {
  const load = kinds.map((kind, j) => {
    const remap = isText(kind) ? `,m${j}=M[${j}]` : ''
    return `const c${j}=K[${j}].values,n${j}=K[${j}].valid${remap};`
  })
  const fields = kinds.flatMap((_, j) => [`a${j}=T.values[${j}]`, `z${j}=T.nulls[${j}]`])
  const read = kinds.map((kind, j) => readKey(kind, j)).join('\n')
  const same = kinds.map((kind, j) => sameKey(kind, j)).join('')
  const store = kinds.map((kind, j) => storeKey(kind, j)).join('')
  return `return function(K,M,rows,selection,groups,T){
${load.join('\n')}
let S=T.slots,H=T.hashes,mask=S.length-1,${fields.concat('count=T.count').join(',')};
for(let j=0;j<rows;j++){
const i=selection===null?j:selection[j];
let h=0;
${read}
h^=h>>>16;h=Math.imul(h,0x85ebca6b);h^=h>>>13;h=Math.imul(h,0xc2b2ae35);h^=h>>>16;
let slot=h&mask,g=-1;
for(;;){
g=S[slot];
if(g<0)break;
if(H[g]===h${same})break;
slot=(slot+1)&mask;
}
if(g<0){
g=count++;T.count=count;S[slot]=g;H[g]=h;
${store}
if(count===T.capacity){T.grow();S=T.slots;H=T.hashes;mask=S.length-1;${fields.map(f => `${f};`).join('')}}
}
groups[i]=g;
}}`
}

function readKey(kind: Kind, j: number): string {
  const isNull = `(n${j}!==null&&n${j}[i]===0)`
  if (isText(kind))
    return `let k${j}=-1;if(!${isNull}){const c=c${j}[i];k${j}=m${j}===null?c:m${j}[c];if(k${j}<0)k${j}=T.remap(${j},c)}h=Math.imul(h^h>>>15,0x2c1b3c6d)+Math.imul(k${j}+2,0x9e3779b1)|0;`
  const nulled = kind.optional ? `const y${j}=${isNull}?1:0;` : ''
  if (isWide(kind))
    return `${nulled}const k${j}=c${j}[2*i],l${j}=c${j}[2*i+1];h=Math.imul(h^h>>>15,0x2c1b3c6d)+Math.imul(Number(BigInt.asIntN(32,k${j})),0x9e3779b1)|0;`
  if (kind.tag === 'bigint')
    return `${nulled}const k${j}=c${j}[i];h=Math.imul(h^h>>>15,0x2c1b3c6d)+Math.imul(Number(BigInt.asIntN(32,k${j}^(k${j}>>32n))),0x9e3779b1)|0;`
  if (kind.tag === 'bool' || kind.tag === 'int32' || kind.tag === 'date')
    return `${nulled}const k${j}=c${j}[i];h=Math.imul(h^h>>>15,0x2c1b3c6d)+Math.imul(k${j}+2,0x9e3779b1)|0;`
  return `${nulled}const k${j}=c${j}[i]+0;FLOAT[0]=k${j}===k${j}?k${j}:NaN;h=Math.imul(h^h>>>15,0x2c1b3c6d)+Math.imul(HALVES[0]^Math.imul(HALVES[1],0x27d4eb2f),0x9e3779b1)|0;`
}

function sameKey(kind: Kind, j: number): string {
  const nulled = kind.optional && !isText(kind) ? `&&z${j}[g]===y${j}` : ''
  if (isWide(kind)) return `${nulled}&&a${j}[2*g]===k${j}&&a${j}[2*g+1]===l${j}`
  const float = kind.tag === 'float32' || kind.tag === 'float64'
  const nan = float ? `||(k${j}!==k${j}&&a${j}[g]!==a${j}[g])` : ''
  return `${nulled}&&(a${j}[g]===k${j}${nan})`
}

function storeKey(kind: Kind, j: number): string {
  const nulled = kind.optional && !isText(kind) ? `z${j}[g]=y${j};` : ''
  if (isWide(kind)) return `${nulled}a${j}[2*g]=k${j};a${j}[2*g+1]=l${j};`
  return `${nulled}a${j}[g]=k${j};`
}
