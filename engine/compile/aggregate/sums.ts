/** Count, sum and mean: accumulators over numbers. Exact for whole numbers and decimals. */
import { compile } from '../door.ts'
import { type Batch, columnOf } from '../../data/batch.ts'
import { type Column, newColumn } from '../../data/column.ts'
import { isWide, type Kind } from '../../data/kind.ts'
import { type Field, t } from '../../data/schema.ts'
import { POW10, readUnits, writeUnits } from '../../data/value.ts'
import { Fault } from '../../fault.ts'
import { sumKind } from '../../plan/aggregate.ts'
import type { Accumulator } from './accumulator.ts'

type Loop = (
  values: unknown,
  valid: Uint8Array | null,
  rows: number,
  selection: Int32Array | null,
  groups: Int32Array,
  low: unknown,
  high: unknown,
  counts: Float64Array,
) => void

/** Whole units up to 2^52 in `low`; what exceeds it is carried to `high`, in units of 2^52. */
const CARRY = 2 ** 52

function loop(add: string, over: () => never): Loop {
  const body = `return function(v,valid,rows,selection,groups,low,high,counts){
for(let j=0;j<rows;j++){const i=selection===null?j:selection[j];
if(valid!==null&&valid[i]===0)continue;
const g=groups[i];${add};counts[g]++}}`
  return compile<Loop>('sum', ['OVER'], body, [over])
}

const ADD = {
  float: 'low[g]+=v[i]',
  whole: `const s=low[g]+v[i];if(s>9007199254740991||s<-9007199254740991)OVER();low[g]=s`,
  narrow: `let s=low[g]+v[i];if(s>=${CARRY}||s<=-${CARRY}){const c=Math.trunc(s/${CARRY});high[g]+=c;s-=c*${CARRY}}low[g]=s`,
  bigint: 'low[g]+=v[i]',
  wide: 'low[g]+=BigInt.asUintN(64,v[2*i])|(v[2*i+1]<<64n)',
}
type Way = keyof typeof ADD

function wayOf(kind: Kind): Way {
  if (kind.tag === 'decimal') return isWide(kind) ? 'wide' : 'narrow'
  if (kind.tag === 'bigint') return 'bigint'
  return kind.tag === 'int32' || kind.tag === 'int64' ? 'whole' : 'float'
}

/** A running sum by group. With `mean`, the result is the sum over the count, a float64. */
export class Sum implements Accumulator {
  readonly partialFields: readonly Field[]
  readonly #column: number
  readonly #kind: Kind
  readonly #total: Kind
  readonly #output: Kind
  readonly #mean: boolean
  readonly #way: Way
  readonly #update: Loop
  readonly #merge: Loop
  readonly #big: boolean
  #low: Float64Array<ArrayBuffer> | bigint[] = new Float64Array(0)
  #high = new Float64Array(0)
  #counts = new Float64Array(0)

  constructor(
    name: string,
    column: number,
    kind: Kind,
    output: Kind,
    o: { mean: boolean; at: string },
  ) {
    this.#column = column
    this.#kind = kind
    this.#output = output
    this.#mean = o.mean
    this.#way = wayOf(kind)
    this.#big = this.#way === 'bigint' || this.#way === 'wide'
    if (this.#big) this.#low = []
    this.#total =
      kind.tag === 'decimal' ? t.decimal(38, kind.scale).nullable : sumKind(kind).nullable
    this.partialFields = [
      { name: `${name}.sum`, kind: this.#total },
      { name: `${name}.count`, kind: t.int64 },
    ]
    const over = () => {
      throw new Fault('data', `the sum "${name}" exceeds 2^53`, {
        at: o.at,
        hint: 'declare the column as t.bigint or t.decimal, whose sums are exact',
      })
    }
    this.#update = loop(ADD[this.#way], over)
    this.#merge = loop(ADD[this.#way === 'narrow' ? 'whole' : this.#way], over)
  }

  reserve(groups: number): void {
    if (groups <= this.#counts.length) return
    const size = Math.max(256, groups, this.#counts.length * 2)
    this.#counts = grow(this.#counts, size)
    this.#high = grow(this.#high, size)
    if (this.#low instanceof Float64Array) this.#low = grow(this.#low, size)
    else while (this.#low.length < size) this.#low.push(0n)
  }

  update(batch: Batch, groups: Int32Array): void {
    const { values, valid } = columnOf(batch, this.#column)
    this.#update(
      values,
      valid,
      batch.selected,
      batch.selection,
      groups,
      this.#low,
      this.#high,
      this.#counts,
    )
  }

  merge(batch: Batch, groups: Int32Array, at: number): void {
    const sums = columnOf(batch, at)
    const counts = columnOf(batch, at + 1).values as Float64Array
    const ones = this.#counts.slice()
    if (this.#way === 'narrow') this.#mergeUnits(sums, batch, groups)
    else
      this.#merge(
        sums.values,
        sums.valid,
        batch.selected,
        batch.selection,
        groups,
        this.#low,
        this.#high,
        this.#counts,
      )
    this.#counts.set(ones)
    addCounts(this.#counts, counts, batch, groups)
  }

  #mergeUnits(sums: Column, batch: Batch, groups: Int32Array): void {
    const low = this.#low as Float64Array
    const { selection, selected } = batch
    for (let k = 0; k < selected; k++) {
      const i = selection === null ? k : (selection[k] as number)
      if (sums.valid !== null && sums.valid[i] === 0) continue
      const g = groups[i] as number
      const units = this.#units(g) + readUnits(sums, i)
      const carry = units / BigInt(CARRY)
      this.#high[g] = Number(carry)
      low[g] = Number(units - carry * BigInt(CARRY))
    }
  }

  #units(g: number): bigint {
    if (this.#big) return (this.#low as bigint[])[g] as bigint
    return (
      BigInt(this.#high[g] as number) * BigInt(CARRY) +
      BigInt((this.#low as Float64Array)[g] as number)
    )
  }

  partial(count: number): Column[] {
    const column = newColumn(this.#total, count)
    for (let g = 0; g < count; g++) this.#write(column, g)
    const counts = newColumn(t.int64, count)
    ;(counts.values as Float64Array).set(this.#counts.subarray(0, count))
    return [column, counts]
  }

  #write(column: Column, g: number): void {
    const seen = (this.#counts[g] as number) > 0
    if (column.valid) column.valid[g] = seen ? 1 : 0
    if (!seen) return
    if (column.kind.tag === 'decimal') {
      const units = this.#units(g)
      if (
        units >= 10n ** BigInt(column.kind.precision) ||
        -units >= 10n ** BigInt(column.kind.precision)
      )
        throw new Fault('data', `a sum of ${this.#kind.name} does not fit ${column.kind.name}`)
      writeUnits(column, g, units)
    } else if (column.kind.tag === 'bigint') {
      const total = (this.#low as bigint[])[g] as bigint
      if (BigInt.asIntN(64, total) !== total)
        throw new Fault('data', 'a sum of bigint does not fit 64 bits')
      ;(column.values as BigInt64Array)[g] = total
    } else (column.values as Float64Array)[g] = (this.#low as Float64Array)[g] as number
  }

  result(count: number): Column {
    const column = newColumn(this.#output, count)
    for (let g = 0; g < count; g++) {
      if (!this.#mean) this.#write(column, g)
      else if ((this.#counts[g] as number) > 0) {
        if (column.valid) column.valid[g] = 1
        ;(column.values as Float64Array)[g] = this.#average(g)
      }
    }
    return column
  }

  #average(g: number): number {
    const n = this.#counts[g] as number
    if (this.#way === 'float' || this.#way === 'whole')
      return ((this.#low as Float64Array)[g] as number) / n
    return Number(this.#units(g)) / n / (POW10[this.#kind.scale] as number)
  }

  clear(): void {
    this.#counts.fill(0)
    this.#high.fill(0)
    if (this.#low instanceof Float64Array) this.#low.fill(0)
    else this.#low.fill(0n)
  }

  get heldBytes(): number {
    return this.#counts.byteLength * 3
  }
}

/** Rows by group. */
export class Count implements Accumulator {
  readonly partialFields: readonly Field[]
  readonly #output: Kind
  #counts = new Float64Array(0)
  constructor(name: string, output: Kind) {
    this.partialFields = [{ name, kind: t.int64 }]
    this.#output = output
  }
  reserve(groups: number): void {
    if (groups > this.#counts.length)
      this.#counts = grow(this.#counts, Math.max(256, groups, this.#counts.length * 2))
  }
  update(batch: Batch, groups: Int32Array): void {
    const counts = this.#counts
    const { selection, selected } = batch
    if (selection === null)
      for (let i = 0; i < selected; i++) (counts[groups[i] as number] as number)++
    else
      for (let k = 0; k < selected; k++)
        (counts[groups[selection[k] as number] as number] as number)++
  }
  merge(batch: Batch, groups: Int32Array, at: number): void {
    addCounts(this.#counts, columnOf(batch, at).values as Float64Array, batch, groups)
  }
  partial(count: number): Column[] {
    return [this.#column(t.int64, count)]
  }
  result(count: number): Column {
    return this.#column(this.#output, count)
  }
  #column(kind: Kind, count: number): Column {
    const column = newColumn(kind, count)
    ;(column.values as Float64Array).set(this.#counts.subarray(0, count))
    column.valid?.fill(1)
    return column
  }
  clear(): void {
    this.#counts.fill(0)
  }
  get heldBytes(): number {
    return this.#counts.byteLength
  }
}

export function addCounts(
  into: Float64Array,
  counts: Float64Array,
  batch: Batch,
  groups: Int32Array,
): void {
  const { selection, selected } = batch
  for (let k = 0; k < selected; k++) {
    const i = selection === null ? k : (selection[k] as number)
    const g = groups[i] as number
    into[g] = (into[g] as number) + (counts[i] as number)
  }
}

export function grow(values: Float64Array<ArrayBuffer>, size: number): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(size)
  grown.set(values)
  return grown
}
