/** Sum and mean. Exact for whole numbers and decimals; floats are added in the order of the rows. */
import { type Batch, columnOf } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { isWide, type Kind } from '../../data/kind.ts'
import { type Field, t } from '../../data/schema.ts'
import { POW10 } from '../../data/value.ts'
import { Fault } from '../../fault.ts'
import { sumKind } from '../../plan/aggregate.ts'
import { compileOnce } from '../compile-once.ts'
import type { Accumulator } from './accumulator.ts'
import { addCounts, countColumn, grown, roomFor } from './count.ts'
import { SliceColumn } from './slice-column.ts'
import { addWide, CARRY, UnitSums } from './units.ts'

type Loop = (
  values: unknown,
  valid: Uint8Array | null,
  rows: number,
  selection: Int32Array | null,
  groups: Int32Array,
  low: unknown,
  over: (g: number, sum: number) => number,
) => void

const ADD = {
  float: 'low[g]+=v[i]',
  whole: 'const s=low[g]+v[i];low[g]=s>9007199254740991||s<-9007199254740991?over(g,s):s',
  units: `const s=low[g]+v[i];low[g]=s>${CARRY}||s<-${CARRY}?over(g,s):s`,
  bigint: 'low[g]+=v[i]',
}
type Way = keyof typeof ADD

/** Adds values of this kind; a loop of its own for each kind of array. */
function loopOf(way: Way, kind: Kind): Loop {
  const body = `return function(v,valid,rows,selection,groups,low,over){/*${kind.tag}*/
for(let j=0;j<rows;j++){const i=selection===null?j:selection[j];
if(valid!==null&&valid[i]===0)continue;
const g=groups[i];${ADD[way]}}}`
  return compileOnce<Loop>('sum', [], body, [])
}

const isWhole = ({ tag }: Kind): boolean => tag === 'int32' || tag === 'int64'

/** Whole numbers have a mean also where their sum is past 2^53: it is added up as units. */
function wayOf(kind: Kind, mean: boolean): Way {
  if (kind.tag === 'decimal' || (mean && isWhole(kind))) return 'units'
  if (kind.tag === 'bigint') return 'bigint'
  return isWhole(kind) ? 'whole' : 'float'
}

/** What a sum is of; with `mean`, the result is the sum over the count, a float64. */
export interface Summing {
  /** Of its columns in the exchange. */
  readonly name: string
  /** As the user named it. */
  readonly shown: string
  /** Position of the column. */
  readonly column: number
  readonly kind: Kind
  readonly output: Kind
  readonly mean: boolean
  readonly at: string
}

/** A running sum by group. */
export class Sum implements Accumulator {
  readonly partialFields: readonly Field[]
  readonly #s: Summing
  readonly #way: Way
  readonly #update: Loop
  readonly #merge: Loop
  readonly #over: (g: number, sum: number) => number
  readonly #units = new UnitSums()
  /** Of numbers; sums of decimals are `#units`, those of bigints `#bigints`. */
  #sums = new Float64Array(0)
  readonly #bigints: bigint[] = []
  /** How many values each group has: of a mean. */
  #counts = new Float64Array(0)
  /** 1 where a group has a value: of a sum. */
  #seen = new Uint8Array(0)
  #room = 0
  readonly #partials: SliceColumn
  readonly #results: SliceColumn

  constructor(summing: Summing) {
    const { name, kind, mean } = summing
    this.#s = summing
    this.#way = wayOf(kind, mean)
    const exact = this.#way === 'units' ? t.decimal(38, kind.scale) : sumKind(kind)
    const total = exact.nullable
    const sum = { name: `${name}.sum`, kind: total }
    this.partialFields = mean ? [sum, { name: `${name}.count`, kind: t.int64 }] : [sum]
    this.#update = loopOf(this.#way, kind)
    this.#merge = loopOf(this.#way, total)
    this.#partials = new SliceColumn(total)
    this.#results = new SliceColumn(summing.output)
    this.#over =
      this.#way === 'units' ? (g, units) => this.#units.carry(g, units) : () => this.#tooLarge()
  }

  reserve(groups: number): void {
    if (groups <= this.#room) return
    const size = roomFor(groups, this.#room)
    this.#room = size
    if (this.#s.mean) this.#counts = grown(this.#counts, size)
    else this.#seen = grownBytes(this.#seen, size)
    if (this.#way === 'units') this.#units.low = grown(this.#units.low, size)
    else if (this.#way !== 'bigint') this.#sums = grown(this.#sums, size)
    else while (this.#bigints.length < size) this.#bigints.push(0n)
  }

  update(batch: Batch, groups: Int32Array): void {
    const column = columnOf(batch, this.#s.column)
    this.#add(this.#update, column, batch, groups)
    if (this.#s.mean) countValues(this.#counts, column.valid, batch, groups)
    else markGroups(this.#seen, column.valid, batch, groups)
  }

  merge(batch: Batch, groups: Int32Array, at: number): void {
    const column = columnOf(batch, at)
    this.#add(this.#merge, column, batch, groups)
    if (this.#s.mean)
      addCounts(this.#counts, columnOf(batch, at + 1).values as Float64Array, batch, groups)
    else markGroups(this.#seen, column.valid, batch, groups)
  }

  #add(loop: Loop, column: Column, batch: Batch, groups: Int32Array): void {
    const { values, valid, kind } = column
    const { selection, selected } = batch
    if (isWide(kind)) addWide(column, batch, groups, this.#units)
    else loop(values, valid, selected, selection, groups, this.#low, this.#over)
  }

  get #low(): Float64Array | bigint[] {
    if (this.#way === 'units') return this.#units.low
    return this.#way === 'bigint' ? this.#bigints : this.#sums
  }

  #tooLarge(): never {
    throw new Fault('data', `the sum "${this.#s.shown}" exceeds 2^53`, {
      at: this.#s.at,
      hint: 'declare the column as t.bigint or t.decimal, whose sums are exact',
    })
  }

  partial(from: number, to: number): Column[] {
    const total = this.#totals(this.#partials, from, to)
    return this.#s.mean ? [total, countColumn(t.int64, this.#counts.subarray(from, to))] : [total]
  }

  result(from: number, to: number): Column {
    if (!this.#s.mean) return this.#totals(this.#results, from, to)
    const column = this.#results.of(to - from)
    for (let g = from; g < to; g++) {
      const there = this.#counts[g] !== 0
      if (column.valid) column.valid[g - from] = there ? 1 : 0
      column.values[g - from] = there ? this.#average(g) : 0
    }
    return column
  }

  #totals(slice: SliceColumn, from: number, to: number): Column {
    const column = slice.of(to - from)
    const { valid, values } = column
    if (valid && !this.#s.mean) valid.set(this.#seen.subarray(from, to))
    else if (valid) for (let g = from; g < to; g++) valid[g - from] = this.#counts[g] === 0 ? 0 : 1
    if (this.#way === 'units') this.#units.write(column, from, to)
    else if (this.#way === 'bigint')
      writeBigints(this.#bigints.slice(from, to), values as BigInt64Array)
    else (values as Float64Array).set(this.#sums.subarray(from, to))
    return column
  }

  #average(g: number): number {
    const n = this.#counts[g] as number
    if (this.#way === 'float') return (this.#sums[g] as number) / n
    const units = this.#way === 'units' ? this.#units.units(g) : (this.#bigints[g] as bigint)
    return Number(units) / n / (POW10[this.#s.kind.scale] as number)
  }

  clear(): void {
    this.#counts.fill(0)
    this.#seen.fill(0)
    this.#sums.fill(0)
    this.#bigints.fill(0n)
    this.#units.clear()
  }

  get heldBytes(): number {
    const seen = this.#counts.byteLength + this.#seen.byteLength
    return seen + this.#sums.byteLength + this.#units.heldBytes + this.#bigints.length * 16
  }
}

function writeBigints(sums: readonly bigint[], values: BigInt64Array): void {
  for (let g = 0; g < sums.length; g++) {
    const total = sums[g] as bigint
    if (BigInt.asIntN(64, total) !== total)
      throw new Fault('data', 'a sum of bigint does not fit 64 bits')
    values[g] = total
  }
}

function countValues(
  counts: Float64Array,
  valid: Uint8Array | null,
  { selection, selected }: Batch,
  groups: Int32Array,
): void {
  for (let k = 0; k < selected; k++) {
    const i = selection === null ? k : (selection[k] as number)
    if (valid !== null && valid[i] === 0) continue
    const g = groups[i] as number
    counts[g] = (counts[g] as number) + 1
  }
}

function markGroups(
  seen: Uint8Array,
  valid: Uint8Array | null,
  { selection, selected }: Batch,
  groups: Int32Array,
): void {
  for (let k = 0; k < selected; k++) {
    const i = selection === null ? k : (selection[k] as number)
    if (valid === null || valid[i] !== 0) seen[groups[i] as number] = 1
  }
}

function grownBytes(values: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(size)
  larger.set(values)
  return larger
}
