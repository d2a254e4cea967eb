/** Numerics to the last digit, both ways; names and literals that stay what they are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { t } from '../../../engine/data/schema.ts'
import type { Fault } from '../../../engine/fault.ts'
import { addressOf } from './address.ts'
import { isoMicros, microsOf } from '../table/sql-times.ts'
import { FLAW } from './flaws.ts'
import { deletedName, literal, prefixOf, quoted, stagingName, tableName } from './names.ts'
import { NUMERIC_BYTES_MAX, narrowNumeric, wideNumeric, writeNumeric } from './numeric.ts'

const view = new DataView(new ArrayBuffer(64))
const written = (words: readonly number[]): DataView => {
  const bytes = new DataView(new ArrayBuffer(words.length * 2))
  words.forEach((word, i) => {
    bytes.setUint16(2 * i, word)
  })
  return bytes
}

test('units are written and read as they are, of any scale', () => {
  const digits = fc.integer({ min: 1, max: 38 })
  fc.assert(
    fc.property(
      digits,
      digits,
      fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
      (p, s, any) => {
        const kind = t.decimal(p, Math.min(p, s) - (s % 2))
        const units = any % 10n ** BigInt(p)
        assert.ok(writeNumeric(view, 0, units, kind.scale) <= NUMERIC_BYTES_MAX)
        assert.equal(wideNumeric(view, 0, kind), units)
        if (p > 15) return
        const narrow = narrowNumeric(view, 0, kind)
        assert.ok(Number.isNaN(narrow) || narrow === Number(units), `${narrow} ${units}`)
        assert.ok(!Object.is(narrow, -0))
      },
    ),
  )
})

test('the example of the format, and what does not fit', () => {
  const example = written([3, 1, 0x4000, 2, 1, 2345, 6700])
  assert.equal(narrowNumeric(example, 0, t.decimal(10, 2)), -1234567)
  assert.equal(wideNumeric(example, 0, t.decimal(30, 2)), -1234567n)
  assert.equal(wideNumeric(example, 0, t.decimal(10, 1)), FLAW.digits)
  assert.equal(wideNumeric(example, 0, t.decimal(6, 2)), FLAW.range)
  assert.ok(Number.isNaN(narrowNumeric(example, 0, t.decimal(6, 2))))
  assert.equal(wideNumeric(written([0, 0, 0xc000, 0]), 0, t.decimal(6, 2)), FLAW.range)
  assert.equal(wideNumeric(written([0, 0, 0xf000, 0]), 0, t.decimal(6, 2)), FLAW.infinite)
  assert.equal(wideNumeric(written([1, 30_000, 0, 0, 1]), 0, t.decimal(38, 0)), FLAW.range)
})

test('names of tables', () => {
  assert.equal(quoted(tableName('shop.Orders')), '"shop"."Orders"')
  assert.equal(quoted(tableName('orders')), '"orders"')
  assert.equal(quoted(tableName('"my.schema"."a""b; --"')), '"my.schema"."a""b; --"')
  for (const wrong of ['', '.', 'a.', '.a', 'a.b.c', '"a', 'a"b'])
    assert.throws(
      () => tableName(wrong),
      (f: Fault) => f.kind === 'pipeline',
      wrong,
    )
  assert.throws(
    () => quoted(tableName('x'.repeat(64))),
    (f: Fault) => /63 bytes/.test(f.render()),
  )
})

test('names in staging are short, and others for other tables and keys', () => {
  const long = `"${'ü'.repeat(30)}"."${'x'.repeat(60)}"`
  for (const name of [
    stagingName(long, 'f'.repeat(64)),
    deletedName(long, ['id', 'x'.repeat(60)]),
  ]) {
    assert.ok(Buffer.byteLength(name) <= 59, name)
    assert.ok(name.startsWith(prefixOf(long)))
  }
  assert.notEqual(prefixOf('"a"."bc"'), prefixOf('"ab"."c"'))
  assert.notEqual(deletedName(long, ['a', 'b']), deletedName(long, ['a,b']))
})

test('literals, times and addresses', () => {
  assert.equal(literal("O'Neil"), "'O''Neil'")
  assert.equal(literal("\\' OR true"), "E'\\\\'' OR true'")
  for (const micros of [0, 1, -1, 1_700_000_000_123_456, -62_135_596_800_000_000])
    assert.equal(microsOf(isoMicros(micros)), micros)
  assert.equal(microsOf('2024-01-31 10:00:00.12+00'), Date.UTC(2024, 0, 31, 10) * 1000 + 120_000)
  assert.ok(Number.isNaN(microsOf('yesterday')))
  const { config, shown } = addressOf('postgres://me%40x:p%2Fw@[::1]:6432/my%20db?sslmode=require')
  assert.deepEqual(
    [config.user, config.password, config.host, config.port, config.database, config.ssl],
    ['me@x', 'p/w', '::1', 6432, 'my db', { rejectUnauthorized: false }],
  )
  assert.equal(shown, 'postgres://***@[::1]:6432/my%20db')
})
