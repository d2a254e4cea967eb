/**
 * Emits the loop of a fused chain of row-wise steps: one pass over a batch's selected rows, in which
 * each filter may drop the row and each derive writes its columns in place, at the row's own index.
 * Nothing is copied; what survives is the list of selected indices.
 *
 *     for each selected row i
 *       step 1: view.i = i; if (f1(view) !== true) { d1++; continue }
 *       step 2: x = f2(view); c9[i] = x                      (or W(k9, i, x) where x is unusual)
 *       selection[n++] = i
 *
 * The row that a lambda sees is a view (getters over the columns) or, where `rowReads` cannot show
 * that a view is enough, a literal. A column that was not decoded has a getter that asks for it.
 */
import type { Kind } from '../data/kind.ts'
import type { Node, Test } from '../plan/node.ts'
import { rowReads } from '../plan/row-reads.ts'
import { Fault } from '../fault.ts'
import { isText } from '../data/column.ts'
import { isWide } from '../data/kind.ts'
import { bound, type Env } from './env.ts'
import { key, readCode } from './read-code.ts'
import { type Repeat, repeatedResult, repeatedTest, repeatLocals, repeatOf } from './repeats.ts'
import { writeCode } from './write-code.ts'

export type StepType =
  | 'filter'
  | 'where'
  | 'dropNulls'
  | 'fillNulls'
  | 'derive'
  | 'map'
  | 'reify'
  | 'project'
export const STEP_TYPES: ReadonlySet<string> = new Set<StepType>([
  'filter',
  'where',
  'dropNulls',
  'fillNulls',
  'derive',
  'map',
  'reify',
  'project',
])

/** What the emitted function needs beside the batch, found while emitting. */
export interface Emitted {
  readonly body: string
  /** Lambdas, by index; each called with (row, sides[node]). */
  readonly lambdas: { readonly node: Node; readonly fn: unknown }[]
  readonly tests: { readonly test: Test; readonly kind: Kind }[]
  /** Kinds of the derived slots, in order after the input's. */
  readonly derived: Kind[]
  readonly output: Env
  /** The columns before each step, for the row that an error shows. */
  readonly before: readonly Env[]
  /** Input slots that the emitted code touches whether or not a lambda reads them. */
  readonly needed: ReadonlySet<number>
  /** Results that repeat, by index: the slot that they are stored in; -1 for those of a filter or test. */
  readonly repeats: readonly number[]
  /** True where a step may drop rows. */
  readonly drops: boolean
}

class Emitter {
  readonly code: string[] = []
  readonly classes: string[] = []
  readonly bind: string[] = []
  readonly lambdas: Emitted['lambdas'] = []
  readonly tests: Emitted['tests'] = []
  readonly derived: Kind[] = []
  readonly needed = new Set<number>()
  readonly locals = new Set<number>()
  readonly repeats: number[] = []
  readonly repeatLocals: string[] = []
  drops = false
  env: Env
  readonly inputs: number
  readonly have: ReadonlySet<number>
  constructor(env: Env, have: ReadonlySet<number>) {
    this.env = env
    this.inputs = env.length
    this.have = have
  }

  slot(kind: Kind): number {
    this.derived.push(kind)
    const slot = this.inputs + this.derived.length - 1
    this.locals.add(slot)
    return slot
  }

  /** A slot that emitted code reads directly. */
  use(slot: number): void {
    this.locals.add(slot)
    if (slot < this.inputs) this.needed.add(slot)
  }

  /** Emits a row for lambdas over the current columns; answers the expression that yields it. */
  row(node: Node, fns: readonly unknown[]): string {
    const names = new Set(this.env.map(b => b.name))
    const viewable = fns.every(fn => rowReads(fn as () => unknown, names) !== null)
    if (viewable) return this.#view(node)
    if (node.pruned)
      throw new Fault('engine', `${node.name} uses whole rows, yet columns were left out`, {
        at: node.at,
        detail: [`without  ${node.pruned.join(' ')}`],
      })
    return this.#literal()
  }

  #literal(): string {
    for (const b of this.env) this.use(b.slot)
    return `{${this.env.map(b => `${key(b.name)}:${readCode(b.kind, b.slot, 'i')}`).join(',')}}`
  }

  #view({ pruned = [] }: Node): string {
    // Fields must not clash with a column's getter: a prefix that no column name starts with.
    let prefix = '$'
    while (this.env.some(b => b.name.startsWith(prefix))) prefix += '$'
    const id = this.classes.length
    const at = `this.${prefix}`
    const getters: string[] = []
    const fields: string[] = []
    for (const { name, kind, slot } of this.env) {
      const present = slot >= this.inputs || this.have.has(slot)
      const value = present ? readCode(kind, slot, `${at}i`, at) : `M(${slot})`
      getters.push(`get ${key(name)}(){return ${value}}`)
      if (!present) continue
      const own = ['c', 'n', 'k', ...(isText(kind) ? ['s', 'p'] : [])].map(
        v => `${prefix}${v}${slot}`,
      )
      fields.push(...own.map(f => `this.${f}=null;`))
      this.bind.push(
        `v${id}.${prefix}k${slot}=K[${slot}];v${id}.${prefix}c${slot}=K[${slot}].values;v${id}.${prefix}n${slot}=K[${slot}].valid;`,
      )
      if (isText(kind))
        this.bind.push(
          `v${id}.${prefix}p${slot}=K[${slot}].pool;v${id}.${prefix}s${slot}=K[${slot}].pool.strings;`,
        )
    }
    // A column that was left out although it is read ends the run: nothing is computed from its absence.
    for (const name of pruned) getters.push(`get ${key(name)}(){return H(${key(name)}[0])}`)
    this.classes.push(
      `class V${id}{constructor(){this.${prefix}i=0;${fields.join('')}}${getters.join('\n')}}\nconst v${id}=new V${id}();`,
    )
    return `(v${id}.${prefix}i=i,v${id})`
  }

  call(node: Node, fn: unknown, row: string): string {
    this.lambdas.push({ node, fn })
    const i = this.lambdas.length - 1
    return `f${i}(${row},S${i})`
  }

  /** How the results of a lambda repeat; `slot`: where they go, -1 for a filter's. */
  repeat(fn: unknown, slot: number, result: Kind | null): { repeat: Repeat; id: number } | null {
    const decoded = (s: number): boolean => s >= this.inputs || this.have.has(s)
    const repeat = repeatOf(fn as () => unknown, this.env, { decoded, result })
    if (repeat === null) return null
    for (const b of [repeat.of].flat()) this.locals.add(b.slot)
    const id = this.repeats.push(slot) - 1
    this.repeatLocals.push(repeatLocals(repeat, id))
    return { repeat, id }
  }

  /** Wraps a step that calls user code: records the step, and takes refused rows to the dead letter. */
  guard(step: number, onError: string, code: string): void {
    this.code.push(`at=${step};`)
    if (onError !== 'deadLetter') this.code.push(code)
    else {
      this.drops = true
      this.code.push(
        `try{${code}}catch(e){if(Q.missed>=0)throw e;E(${step},i,e);r${step}++;continue}`,
      )
    }
  }

  drop(step: number, test: string): string {
    this.drops = true
    return `if(!(${test})){d${step}++;continue}`
  }
}

type Emit<T extends StepType> = (e: Emitter, step: number, node: Node<T>) => void

const steps: { readonly [T in StepType]: Emit<T> } = {
  filter(e, step, node) {
    const call = `${e.call(node, node.op.fn, e.row(node, [node.op.fn]))}===true`
    const found = e.repeat(node.op.fn, -1, null)
    const code = found ? `${repeatedTest(found.repeat, found.id, call)}${e.drop(step, 'x')}` : null
    e.guard(step, node.op.onError, code ?? e.drop(step, call))
  },
  where(e, step, node) {
    for (const test of node.op.tests) e.code.push(e.drop(step, testCode(e, test)))
  },
  dropNulls(e, step, node) {
    for (const name of node.op.columns) {
      const { slot, kind } = bound(e.env, name)
      if (!kind.optional) continue
      e.use(slot)
      e.code.push(e.drop(step, `n${slot}===null||n${slot}[i]!==0`))
    }
    e.env = retype(e.env, node)
  },
  fillNulls(e, _step, node) {
    for (const { column, value } of node.op.values) {
      const from = bound(e.env, column)
      if (!from.kind.optional) continue
      e.use(from.slot)
      const to = e.slot(from.kind.required)
      e.lambdas.push({ node, fn: value })
      const x = readCode(from.kind, from.slot, 'i')
      e.code.push(
        `x=${x};if(x===null)x=f${e.lambdas.length - 1};${writeCode(from.kind.required, to, 'i', 'x')}`,
      )
      e.env = e.env.map(b => (b === from ? { ...b, kind: from.kind.required, slot: to } : b))
    }
  },
  derive(e, step, node) {
    const row = e.row(
      node,
      node.op.columns.map(c => c.fn),
    )
    const added: { name: string; kind: Kind; slot: number }[] = []
    const code = [`w=${row};`]
    for (const { name, kind, fn } of node.op.columns) {
      const slot = e.slot(kind)
      const fresh = `x=${e.call(node, fn, 'w')};${writeCode(kind, slot, 'i', 'x')}`
      const found = e.repeat(fn, slot, kind)
      code.push(found ? repeatedResult(found.repeat, found.id, { slot, kind, fresh }) : fresh)
      added.push({ name, kind, slot })
    }
    e.guard(step, node.op.onError, code.join(''))
    e.env = node.schema.list.map(f => added.find(a => a.name === f.name) ?? bound(e.env, f.name))
  },
  map(e, step, node) {
    const row = e.row(node, [node.op.fn])
    const out = node.schema.list.map(f => ({ name: f.name, kind: f.kind, slot: e.slot(f.kind) }))
    const code = [`w=C(${e.call(node, node.op.fn, row)},${step});`]
    for (const b of out)
      code.push(`x=w${key(b.name)};${writeCode(b.kind, b.slot, 'i', 'x', b.name)}`)
    e.guard(step, node.op.onError, code.join(''))
    e.env = out
  },
  reify(e, _step, node) {
    const added = node.op.columns.map(({ name, known }) => {
      const { kind } = bound(
        node.schema.list.map(f => ({ ...f, slot: 0 })),
        name,
      )
      const slot = e.slot(kind)
      e.code.push(`x=O(${JSON.stringify(known)},i);${writeCode(kind, slot, 'i', 'x')}`)
      return { name, kind, slot }
    })
    e.env = node.schema.list.map(f => added.find(a => a.name === f.name) ?? bound(e.env, f.name))
  },
  project(e, _step, node) {
    e.env = node.op.columns.map(({ name, from }) => ({ ...bound(e.env, from), name }))
  },
}

/** The same slots under the kinds of the node's schema. */
const retype = (env: Env, node: Node): Env =>
  node.schema.list.map(f => ({ ...bound(env, f.name), kind: f.kind }))

function testCode(e: Emitter, test: Test): string {
  const { slot, kind } = bound(e.env, test.column)
  e.use(slot)
  const { op, value } = test
  const valid = `(n${slot}===null||n${slot}[i]!==0)`
  if (value === null && op === 'eq') return `!${valid}`
  if (value === null && op === 'not') return valid
  e.tests.push({ test, kind })
  const id = e.tests.length - 1
  const stored = `c${slot}[i]`
  if (isText(kind)) {
    // Each entry of the pool is tested once.
    const kept = e.repeats.push(-1) - 1
    e.repeatLocals.push(`const m${id}=G(${kept},K[${slot}].pool).state;`)
    return `${op === 'in' || op === 'eq' ? '' : `${valid}&&`}(${valid}?(m${id}[${stored}]||(m${id}[${stored}]=P(${id},k${slot},i)))===1:P(${id},k${slot},i)===1)`
  }
  const plain = typeof value === 'number' && !isWide(kind) && !Number.isNaN(value) && op !== 'in'
  if (!plain) return `P(${id},k${slot},i)===1`
  const unit = `q${id}`
  e.classes.push(`const ${unit}=U(${id});`)
  const nan = kind.tag === 'float32' || kind.tag === 'float64'
  const compared: Record<string, string> = {
    eq: `${stored}===${unit}`,
    not: `${stored}!==${unit}`,
    gt: `${stored}>${unit}${nan ? `||${stored}!==${stored}` : ''}`,
    gte: `${stored}>=${unit}${nan ? `||${stored}!==${stored}` : ''}`,
    lt: `${stored}<${unit}`,
    lte: `${stored}<=${unit}`,
  }
  return `${valid}&&(${compared[op]})`
}

/** Emits a chain over the input columns that are decoded (`have`). */
export function emitKernel(nodes: readonly Node[], input: Env, have: ReadonlySet<number>): Emitted {
  const e = new Emitter(input, have)
  const before: Env[] = []
  nodes.forEach((node, step) => {
    before.push(e.env)
    const emit = steps[node.type as StepType] as Emit<StepType>
    emit(e, step, node as Node<StepType>)
  })
  const declare = [...e.locals]
    .filter(slot => slot >= e.inputs || e.have.has(slot))
    .map(slot => {
      const kind = (input[slot]?.kind ?? e.derived[slot - e.inputs]) as Kind
      const text = isText(kind)
        ? `,p${slot}=k${slot}.pool,s${slot}=p${slot}.strings,t${slot}=X[${slot}]`
        : ''
      return `const k${slot}=K[${slot}],c${slot}=k${slot}.values,n${slot}=k${slot}.valid${text};`
    })
  const counters = nodes.map((_, step) => `let d${step}=0,r${step}=0;`).join('')
  const lambdas = e.lambdas.map((_, i) => `const f${i}=F[${i}],S${i}=Z[${i}];`).join('')
  const body = `${lambdas}${e.classes.join('\n')}
return function run(K,X,rows,from,to){
${declare.join('\n')}
${e.bind.join('\n')}
${counters}
${e.repeatLocals.join('\n')}
let n=0,i=0,at=0,x=null,w=null,u=0,o=0,g=0;
try{
for(let j=0;j<rows;j++){
i=from===null?j:from[j];
${e.code.join('\n')}
${e.drops ? 'to[n++]=i;' : ''}
}
}catch(e){Q.step=at;Q.row=i;throw e}
${nodes.map((_, step) => `Q.dropped[${step}]=d${step};Q.rejected[${step}]=r${step};`).join('')}
return ${e.drops ? 'n' : 'rows'};
}`
  return {
    body,
    lambdas: e.lambdas,
    tests: e.tests,
    derived: e.derived,
    output: e.env,
    before,
    needed: e.needed,
    repeats: e.repeats,
    drops: e.drops,
  }
}
