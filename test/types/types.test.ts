/**
 * The types of the surface: real pipelines and exact inferences compile, typical mistakes do not, and 80
 * links of any verb check within a budget. Runaway types take all memory within seconds, hence the cap.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { check, type Limits } from './compiler.ts'

const LINKS = 80
const LIMITS: Limits = { timeoutMs: 60_000, memoryBytes: 2 * 2 ** 30 }

test('real pipelines and exact inferences compile', async () => {
  const { errors, stopped } = await check({ 'pipelines.ts': null, 'inference.ts': null }, LIMITS)
  assert.equal(stopped, null)
  assert.deepEqual(
    errors.map(e => e.text),
    [],
  )
})

test('each typical mistake is an error, on its line', async () => {
  const lines = (await readFile(new URL('mistakes.ts', import.meta.url), 'utf8')).split('\n')
  const mistakes = lines.flatMap((text, i) => {
    const name = /^\/\*(\d\d .*?)\*\//.exec(text)?.[1]
    return name === undefined ? [] : [{ name, line: i + 1 }]
  })
  const { errors, stopped } = await check({ 'mistakes.ts': null }, LIMITS)
  assert.equal(stopped, null)
  const wrong = new Set(errors.map(e => e.line))
  const want = mistakes.filter(m => !m.name.endsWith('(not caught)'))
  assert.ok(want.length >= 42)
  assert.deepEqual(
    want.filter(m => !wrong.has(m.line)).map(m => m.name),
    [],
    'accepted',
  )
  const places = new Set(want.map(m => m.line))
  assert.deepEqual(
    errors.filter(e => !places.has(e.line)).map(e => e.text),
    [],
    'errors elsewhere',
  )
})

/** Each verb as a link of a chain, by its place in it. */
const links: Record<string, (i: number) => string> = {
  filter: i => `.filter(r => r.qty > ${i})`,
  where: i => `.where({ qty: { gt: ${i} } })`,
  dropNulls: () => `.dropNulls('who')`,
  fillNulls: () => `.fillNulls({ who: 1 })`,
  'derive, adding': i => `.derive({ c${i}: [t.int32, r => r.qty + ${i}] })`,
  'derive, replacing': () => `.derive({ qty: [t.int32, r => r.qty + 1] })`,
  select: () => `.select('id', 'qty', 'at', 'who')`,
  drop: i => `.drop('x${i}')`,
  rename: i => (i % 2 === 0 ? `.rename({ price: 'cost' })` : `.rename({ cost: 'price' })`),
  reify: i => `.reify({ s${i}: 'sourceUri' })`,
  map: () => `.map(A, r => ({ ...r, qty: r.qty + 1 }))`,
  parDo: () => `.parDo({ output: A, process(r, c) { c.emit(r) } })`,
  distinctBy: () => `.distinctBy('id', { keep: 'last', by: 'at' })`,
  aggregate: () =>
    `.groupBy('id', 'who', 'at', 'price').aggregate(g => ({ qty: g.sum('qty'), n: g.count() }))`,
  'top with rank': i => `.groupBy('id').top(3, { by: 'at', rank: 'rank${i}' })`,
  join: i => `.join(b, { on: 'id', prefix: 'b${i}_' })`,
  leftJoin: i => `.leftJoin(b, { on: 'id', prefix: 'b${i}_' })`,
  fullJoin: i => `.fullJoin(b, { on: 'id', prefix: 'b${i}_' })`,
  semiJoin: () => `.semiJoin(b, { on: 'id' })`,
  partition: () => `.partition(['x', 'y'], r => r.qty > 0 ? 'x' : 'y').x`,
  sortBy: () => `.sortBy('id', { by: 'at', order: 'desc' })`,
}
const HEAD = `import { schema, t, type Pipeline } from 'millrace'
import { csv } from 'millrace/io'
declare const p: Pipeline
const A = schema({ id: t.utf8, qty: t.int32, price: t.decimal(10, 2), at: t.timestamp, who: t.int32.nullable })
const B = schema({ id: t.utf8, label: t.utf8 })
const b = p.read(csv('b', B))
const Wide = A.extend({ ${Array.from({ length: LINKS }, (_, i) => `x${i}: t.bool`).join(', ')} })
`
/** Measured 2026-11 and doubled, in thousands; the dearest verbs add a column a link. */
const BUDGET_THOUSANDS = 900

for (const [name, link] of Object.entries(links))
  test(`${LINKS} links of ${name} check within the budget`, async t => {
    const chain = Array.from({ length: LINKS }, (_, i) => `  ${link(i)}`).join('\n')
    const from = name === 'drop' ? 'Wide' : 'A'
    const source = `${HEAD}p.read(csv('a', ${from}))\n${chain}\n`
    const { errors, instantiations, stopped } = await check({ 'chain.ts': source }, LIMITS)
    assert.equal(stopped, null, `the compiler ran out of ${stopped}`)
    assert.deepEqual(
      errors.map(e => e.text),
      [],
    )
    t.diagnostic(`${instantiations} instantiations`)
    assert.ok(
      instantiations > 0 && instantiations < BUDGET_THOUSANDS * 1000,
      `${instantiations} instantiations`,
    )
  })

test('a compiler that runs away is stopped', async () => {
  const source = `${HEAD}p.read(csv('a', A))\n`
  const late = await check({ 'chain.ts': source }, { ...LIMITS, timeoutMs: 20 })
  assert.equal(late.stopped, 'time')
  if (process.platform !== 'linux') return
  const large = await check({ 'chain.ts': source }, { ...LIMITS, memoryBytes: 1 })
  assert.equal(large.stopped, 'memory')
})
