/** What `table` refuses before a run begins, and what of its options is part of a plan's identity. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schema, t } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { table, type TableSinkOptions } from './index.ts'

const refused = (make: () => unknown, text: RegExp): void => {
  assert.throws(make, error => {
    assert.ok(error instanceof Fault, String(error))
    assert.equal(error.kind, 'pipeline')
    assert.match(error.render(), text)
    return true
  })
}
const sink = (o: object, name = 'orders') =>
  table('duckdb:shop.duckdb', name, o as TableSinkOptions<never>)

test('a warehouse of no known scheme is refused with those that are known', () => {
  const make = (uri: string) => () => table(uri, 'orders', { mode: 'replace' })
  refused(make('snowflake:shop'), /snowflake:shop is not known[\s\S]*duckdb:PATH/)
  refused(make('duckdb:'), /is not known/)
  refused(make('redshift://me:secret@host/db'), /redshift:\/\/\*\*\*@host\/db is not known/)
})

test('a URI that names another table than the one that is asked for is refused', () => {
  const uri = 'bigquery://shop.sales.orders'
  const other =
    /table lines: bigquery:\/\/shop\.sales\.orders names table orders[\s\S]*leave orders out/
  refused(() => table(uri, 'lines', { mode: 'append' }), other)
  refused(() => table(uri, 'lines', schema({ id: t.int32 })), other)
  refused(() => table('bigquery://sh op.sales', 'orders', { mode: 'append' }), /names no data set/)
  assert.equal(table(uri, 'orders', { mode: 'append' }).table, 'orders')
})

test('options that make no sense are refused', () => {
  refused(() => sink({ mode: 'replac' }), /mode "replac" is not known[\s\S]*did you mean "replace"/)
  refused(() => sink({ mode: 'merge' }), /needs key and latest/)
  refused(() => sink({ mode: 'replacePartition' }), /needs partition/)
  refused(() => sink({ mode: 'append' }, ''), /needs a name/)
  const by = (partition: object) => () => sink({ mode: 'append', partition })
  refused(by({ by: 'at', unit: 'week' }), /unit "week" of partition is not known/)
  refused(by({ by: 'n', range: { start: 0, end: 10, step: 0 } }), /range .* is not possible/)
  refused(by({ by: 'n', range: { start: 0, end: 0, step: 1 } }), /end above start/)
})

test('where a load lies on its way is no part of the plan’s identity; what the table is, is', () => {
  const of = (o: object) => sink({ mode: 'append', ...o }).fingerprint
  assert.equal(of({ staging: 'gs://a/b', location: 'EU' }), of({}))
  assert.notEqual(of({ description: 'orders' }), of({}))
  assert.notEqual(of({ partition: { by: 'at', unit: 'day' } }), of({}))
})

test('an option that a system has no use for keeps no pipeline from running there', () => {
  const row = schema({ id: t.int32 })
  const o = { splitBy: 'id', staging: 'gs://a/b', location: 'EU' }
  for (const uri of ['duckdb:shop.duckdb', 'postgres://host/shop', 'bigquery://p.d'])
    assert.equal(table(uri, 'orders', row, o).uri, `${uri}.orders`)
})

test('an incremental source needs a time, and a bool where it names what is deleted', () => {
  const row = schema({ id: t.int32, at: t.timestamp, gone: t.bool })
  const read = (incremental: object) => () =>
    table('postgres://h/d', 'orders', row, { incremental } as never)
  refused(read({ by: 'id' }), /"id", which is no time/)
  refused(read({ by: 'at', overlap: 'soon' }), /overlap: expected a span of time.*got "soon"/)
  refused(read({ by: 'at', deleted: 'id' }), /deleted column "id" is not bool/)
  assert.equal(read({ by: 'at', deleted: 'gone' })().format, 'table')
})
