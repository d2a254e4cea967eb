/** Every mistake that a verb refuses while the pipeline is built: the message, the hint, and the line of the user. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../engine/fault.ts'
import { coGroupByKey, combineFn, flatten, param, pipeline, schema, t } from './index.ts'
import { Line, Name, planOf, sampleSink, sampleSource } from './sample.ts'

// biome-ignore lint/suspicious/noExplicitAny: what is written here does not type-check, which is the point
type Loose = any
type Case = readonly [
  name: string,
  build: (lines: Loose, names: Loose, p: Loose) => void,
  message: RegExp,
  hint?: RegExp,
]

// biome-ignore format: a case a line
const cases: readonly Case[] = [
  ['filter without function', a => a.filter('qty > 0'), /^the predicate is not a function$/],
  ['filter option', a => a.filter(() => true, { resaon: 'x' }), /^option "resaon" does not exist$/, /"reason"/],
  ['filter onError', a => a.filter(() => true, { onError: 'deadletter' }), /^onError "deadletter"/, /"deadLetter"/],
  ['where column', a => a.where({ qtty: 1 }), /^column "qtty" does not exist$/, /did you mean "qty"/],
  ['where of another type', a => a.where({ qty: '1' }), /^column "qty": expected int32, got "1"$/],
  ['where of a Date', a => a.where({ at: { gte: new Date(0) } }), /^column "at": expected timestamp, got a Date/, /epoch/],
  ['where not in oneOf', a => a.where({ status: 'payed' }), /^column "status" never is "payed"$/, /"paid"/],
  ['where in, one of them wrong', a => a.where({ status: { in: ['paid', 'shut'] } }), /^column "status" never is "shut"$/],
  ['where in without list', a => a.where({ id: { in: 'x' } }), /^test "in" of column "id" needs a list/],
  ['where unknown test', a => a.where({ qty: { gtt: 1 } }), /^test "gtt" does not exist$/, /"gt"/],
  ['where null on required', a => a.where({ qty: null }), /^column "qty" is compared with null$/, /int32 is never null/],
  ['where order on null', a => a.where({ who: { gt: null } }), /^column "who" is compared with null$/, /not: null/],
  ['where undefined', a => a.where({ id: undefined }), /^column "id": expected utf8, got undefined$/],
  ['where NaN', a => a.where({ qty: Number.NaN }), /^column "qty": expected int32, got NaN$/],
  ['where bigint', a => a.where({ big: 1 }), /^column "big": expected bigint, got 1$/],
  ['where nothing', a => a.where({}), /^no column is tested$/],
  ['where no test', a => a.where({ qty: {} }), /^column "qty" has no test$/],
  ['where a function', a => a.where(() => true), /^the tests are not an object$/],
  ['dropNulls', a => a.dropNulls('whom'), /^column "whom" does not exist$/, /"who"/],
  ['dropNulls of nothing', a => a.dropNulls(), /^no column is named$/],
  ['fillNulls of another type', a => a.fillNulls({ who: 'x' }), /^column "who": expected int32, got "x"$/],
  ['fillNulls with null', a => a.fillNulls({ who: null }), /^column "who": expected int32, got null$/],
  ['derive without kind', a => a.derive({ x: () => 1 }), /^column "x" has no kind$/, /x: \[t\.float64/],
  ['derive kind is a name', a => a.derive({ x: ['int32', () => 1] }), /^column "x" has no kind$/],
  ['derive without function', a => a.derive({ x: [t.int32, 1] }), /^the second part of column "x" is not a function$/],
  ['derive nothing', a => a.derive({}), /^no column is derived$/],
  ['derive side', a => a.derive({ x: [t.int32, () => 1] }, { side: { n: a } }), /^side "n" is not a side input$/, /asMap/],
  ['decimal scale', a => a.derive({ x: [t.decimal(3, 4), () => 1] }), /^decimal\(3, 4\) is not possible$/],
  ['select unknown', a => a.select('id', 'prise'), /^column "prise" does not exist$/, /"price"/],
  ['select twice', a => a.select('id', 'id'), /^column "id" is named twice$/],
  ['select a prototype name', a => a.select('__proto__'), /^column "__proto__" does not exist$/],
  ['drop all', a => a.select('id').drop('id'), /^no column is left$/],
  ['rename unknown', a => a.rename({ idd: 'x' }), /^column "idd" does not exist$/],
  ['rename onto existing', a => a.rename({ id: 'qty' }), /^column "qty" exists already$/],
  ['rename two to one', a => a.rename({ id: 'x', qty: 'x' }), /^column "x" exists already$/],
  ['rename to nothing', a => a.rename({ id: '' }), /^column "id" is renamed to "", which is no name$/],
  ['reify unknown', a => a.reify({ f: 'sourceUrl' }), /^fact "sourceUrl" does not exist$/, /"sourceUri"/],
  ['reify taken', a => a.reify({ id: 'sourceUri' }), /^column "id" exists already$/],
  ['reify after a join', (a, b) => a.semiJoin(b, { on: 'id' }).reify({ f: 'sourceUri' }), /^rows have no source after "semiJoin on id"$/],
  ['map without schema', a => a.map({ id: t.utf8 }, () => ({})), /^the output is not a schema$/, /schema/],
  ['map without function', a => a.map(Name), /^the second argument is not a function$/],
  ['mapAsync concurrency', a => a.mapAsync(Name, async () => ({}), { concurrency: 0 }), /^concurrency is 0$/],
  ['mapAsync without options', a => a.mapAsync(Name, async () => ({})), /^concurrency is undefined$/],
  ['parDo without process', a => a.parDo({ output: Name }), /^process is not a function$/],
  ['parDo without output', a => a.parDo({ process() {} }), /^the DoFn has no output$/],
  ['parDo output', a => a.parDo({ output: { x: t.utf8 }, process() {} }), /^the output is not a schema$/],
  ['parDo option', a => a.parDo({ output: Name, sides: {}, process() {} }), /^option "sides" does not exist$/, /"side"/],
  ['distinctBy keep', a => a.distinctBy('id', { keep: 'lst', by: 'at' }), /^keep "lst" does not exist$/, /"last"/],
  ['distinctBy by', a => a.distinctBy('id', { keep: 'last', by: 'att' }), /^column "att" does not exist$/],
  ['groupBy nothing', a => a.groupBy(), /^no column is named$/],
  ['groupBy unknown', a => a.groupBy('idd'), /^column "idd" does not exist$/],
  ['sum over text', a => a.groupBy('id').aggregate((g: Loose) => ({ s: g.sum('status') })), /^column "status" is oneOf\("open","paid"\), which has no sum$/],
  ['mean over time', a => a.aggregate((g: Loose) => ({ s: g.mean('at') })), /^column "at" is timestamp, which has no mean$/],
  ['aggregate where', a => a.aggregate((g: Loose) => ({ s: g.count({ where: { qty: 'x' } }) })), /^column "qty": expected int32, got "x"$/],
  ['first without by', a => a.aggregate((g: Loose) => ({ s: g.first('qty') })), /^column undefined does not exist$/],
  ['aggregate named as key', a => a.groupBy('id').aggregate((g: Loose) => ({ id: g.count() })), /^column "id" is a key already$/],
  ['no aggregate', a => a.groupBy('id').aggregate(() => ({ x: 1 })), /^column "x" is no aggregate$/],
  ['aggregate of nothing', a => a.groupBy('id').aggregate(() => ({})), /^no aggregate is named$/],
  ['combine of an object', a => a.aggregate((g: Loose) => ({ x: g.combine({}) })), /^combine needs a CombineFn$/],
  ['combineFn without method', () => combineFn(Line, { output: t.int32 } as Loose), /^createAccumulator of the combineFn is not a function$/],
  ['top 0', a => a.groupBy('id').top(0, { by: 'qty' }), /^top 0 keeps no row$/],
  ['top rank taken', a => a.groupBy('id').top(1, { by: 'qty', rank: 'who' }), /^column "who" exists already$/],
  ['top order', a => a.groupBy('id').top(1, { by: 'qty', order: 'down' }), /^order "down" does not exist$/],
  ['join clash', (a, b) => a.join(b, { on: 'id' }), /^both sides have "qty"$/, /prefix/],
  ['join clash with prefix', (a, b) => a.rename({ qty: 'b_qty' }).join(b, { on: 'id', prefix: 'b_' }), /^both sides have "b_qty"$/],
  ['join kinds', (a, b) => a.join(b, { on: { qty: 'qty' }, prefix: 'b_' }), /^join key "qty" is int32, "qty" is int64$/],
  ['join scales', a => a.join(a.derive({ price: [t.decimal(10, 3), () => 1] }), { on: 'price', prefix: 'b_' }), /^join key "price" is decimal\(10,2\), "price" is decimal\(10,3\)$/],
  ['join key absent left', (a, b) => a.join(b, { on: 'label' }), /^column "label" does not exist$/],
  ['join key absent right', (a, b) => a.join(b, { on: 'status' }), /^column "status" does not exist$/],
  ['join without key', (a, b) => a.join(b, {}), /^the join has no key$/],
  ['join of nothing', (a, b) => a.join(b, { on: [] }), /^no column is named$/],
  ['join hint', (a, b) => a.join(b, { on: 'id', prefix: 'b_', hint: 'small' }), /^hint "small" does not exist$/],
  ['join with an array', a => a.join([], { on: 'id' }), /^the argument is not a collection$/],
  ['antiJoin kinds', (a, b) => a.antiJoin(b, { on: 'qty' }), /^join key "qty" is int32/],
  ['partition twice', a => a.partition(['x', 'x'], () => 'x'), /^part "x" is named twice$/],
  ['partition of nothing', a => a.partition([], () => 'x'), /^no part is named$/],
  ['sortBy unknown', a => a.sortBy({ by: 'prise' }), /^column "prise" does not exist$/],
  ['sortBy twice', a => a.sortBy('id', { by: 'id', order: 'desc' }), /^column "id" is named twice$/],
  ['asMap', a => a.asMap('idd'), /^column "idd" does not exist$/],
  ['apply', a => a.apply(3), /^the composite is not a function$/],
  ['named', a => a.named(''), /^"" is no name$/],
  ['write to a source', a => a.write(sampleSource(Line)), /^the argument is not a sink$/, /without a schema/],
  ['write column absent', a => a.write(sampleSink('o', { columns: ['month'] })), /^column "month" does not exist$/],
  ['write names', a => a.rename({ qty: 'orderId', big: 'order_id' }).write(sampleSink('o', { names: 'snake_case' })), /^columns "orderId" and "order_id" are both written as "order_id"$/],
  ['table of a column without a name', (_, __, p) => p.read(sampleSource(schema({ '': t.int32 }))).write({ ...sampleSink('o'), sink: 'table', table: 't' }), /^column "" has no name, which a table cannot have$/, /rename it first/],
  ['write shared', a => { a.write(sampleSink('./out/x/')); a.write(sampleSink('out/x')) }, /^output "out\/x" is written twice$/],
  ['flatten lacks', a => flatten(a, a.drop('qty')), /^collection 2 of the flatten lacks column "qty"$/],
  ['flatten too many', a => flatten(a.drop('qty'), a), /^collection 2 of the flatten has a column too many: "qty"$/],
  ['flatten nullable', a => flatten(a, a.dropNulls('who')), /^collection 2 of the flatten: column "who" is int32, not int32\?$/],
  ['coGroup kinds', (a, b) => coGroupByKey({ a, b } as Loose, 'qty' as never), /^key "qty" is int32 here and int64 there$/],
  ['coGroup key absent', (a, b) => coGroupByKey({ a, b } as Loose, 'label' as never), /^column "label" does not exist$/],
  ['coGroup named key', a => coGroupByKey({ key: a } as Loose, 'id' as never), /^a collection is named "key"/],
  ['read a sink', (_, __, p) => p.read(sampleSink('o')), /^the argument is not a source$/, /with a schema/],
  ['read a collection', (a, _, p) => p.read(a), /^the argument is not a source$/],
  ['create, missing', (_, __, p) => p.create(Name, [{ id: 'x', label: 'y' }]), /^row 0, column "qty": expected int64, got undefined$/],
  ['create, unknown', (_, __, p) => p.create(schema({ a: t.bool }), [{ a: true, b: 1 }]), /^row 0 has column "b", the schema has not$/],
  ['publish unwritten', (a, _, p) => p.publish(a), /^argument 1 was not written$/],
  ['publish nothing', (_, __, p) => p.publish(), /^nothing is published$/],
  ['publish twice', (a, _, p) => { const w = a.write(sampleSink('o')); p.publish(w); p.publish(w) }, /^write sample o is published twice$/],
  ['publish in two warehouses', (a, _, p) => { const to = (uri: string) => a.write({ ...sampleSink(uri), sink: 'table', table: 't' } as never); p.publish(to('x:1'), to('x:2')) }, /^tables of two warehouses cannot appear together$/, /a p\.publish\(…\) of their own/],
]

for (const [name, build, message, hint] of cases)
  test(`refused: ${name}`, () => {
    const fault = faultOf(() =>
      planOf(p => build(p.read(sampleSource(Line)), p.read(sampleSource(Name)), p)),
    )
    assert.match(fault.message, message)
    if (hint) assert.match(fault.hint ?? '', hint)
    assert.equal(fault.kind, 'pipeline')
    const bare = fault.message.startsWith('decimal')
    if (!bare) assert.match(fault.at ?? '', /refusals\.test\.ts:\d+ {2}\.?\w+$/)
  })

function faultOf(run: () => unknown): Fault {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof Fault, String(error))
    return error
  }
  return assert.fail('it was accepted')
}

test('a collection of another pipeline is refused', () => {
  let other: Loose
  planOf(p => {
    other = p.read(sampleSource(Line))
  })
  const use = (build: (a: Loose, p: Loose) => unknown) =>
    faultOf(() => planOf(p => build(p.read(sampleSource(Line)), p))).message
  assert.equal(
    use(a => a.semiJoin(other, { on: 'id' })),
    'the collection belongs to another pipeline',
  )
  assert.equal(
    use(a => flatten(a, other)),
    'the collection belongs to another pipeline',
  )
  assert.equal(
    use(a => a.map(Line, (r: unknown) => r, { side: { o: other.asList() } })),
    'side "o" belongs to another pipeline',
  )
  assert.equal(
    use((_, p) => p.read(other.write(sampleSink('o')))),
    'the table is written by another pipeline',
  )
})

test('a pipeline without name or build is refused', () => {
  assert.match(
    faultOf(() => pipeline({ name: '', build() {} })).message,
    /^the pipeline has no name$/,
  )
  assert.match(faultOf(() => pipeline({ name: 'x' } as Loose)).message, /^build is not a function$/)
  assert.match(
    faultOf(() => pipeline({ name: 'x', params: { a: 3 }, build() {} } as Loose)).message,
    /^parameter "a" has no type$/,
  )
  assert.match(
    faultOf(() => param.oneOf(['a'], 'b' as never)).message,
    /^fallback "b" is not one of the values$/,
  )
})
