/** A page's walk agrees with JSON.parse: what is JSON, which rows it has, which values lie at its paths. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Bytes } from '../files/fields.ts'
import { NotJson, PageWalk, SLACK } from './page-walk.ts'

function walked(text: string, rows: string[], paths: string[][]) {
  const body = Buffer.from(text)
  const bytes = Buffer.concat([body], body.length + SLACK) as Bytes
  const page = new PageWalk(bytes, body.length, paths.length).walk(rows, paths)
  return { ...page, lines: bytes.toString('utf8', page.start, page.end) }
}

const body = fc.record(
  {
    data: fc.oneof(
      fc.record({ items: fc.oneof(fc.array(fc.jsonValue({ maxDepth: 2 })), fc.constant(null)) }),
      fc.jsonValue(),
    ),
    next: fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.jsonValue()),
    'm"é': fc.record({ at: fc.jsonValue({ maxDepth: 1 }) }),
  },
  { requiredKeys: [] },
)
/** What JSON.parse finds; undefined where there is nothing. */
const found = (value: unknown, keys: readonly string[]): unknown =>
  keys.reduce<unknown>(
    (v, key) =>
      typeof v === 'object' && v !== null && !Array.isArray(v) && Object.hasOwn(v, key)
        ? (v as Record<string, unknown>)[key]
        : undefined,
    value,
  )

test('rows and values are those of JSON.parse', () => {
  const rows = ['data', 'items']
  const paths = [['next'], ['m"é', 'at']]
  fc.assert(
    fc.property(body, fc.constantFrom(0, 1, 2), (value, indent) => {
      const text = `\ufeff ${JSON.stringify(value, null, indent)}\r\n`
      const parsed: unknown = JSON.parse(text.slice(1))
      const page = walked(text, rows, paths)
      const list = found(parsed, rows)
      assert.equal(page.listed, list === null || Array.isArray(list))
      assert.equal(page.rows, Array.isArray(list) ? list.length : 0)
      if (Array.isArray(list) && list.length > 0)
        assert.deepEqual(
          page.lines
            .replace(/\n$/, '')
            .split('\n')
            .map(l => JSON.parse(l)),
          list,
        )
      paths.forEach((path, k) => {
        const value = found(parsed, path)
        assert.deepEqual(
          page.values[k],
          typeof value === 'object' && value !== null ? undefined : value,
        )
      })
    }),
    { numRuns: 1000 },
  )
})

test('what is no JSON is told, and whether it was cut short', () => {
  const text = JSON.stringify(
    { a: 1, data: { items: [{ a: '[x' }, { b: [1, { c: null }] }] } },
    null,
    1,
  )
  for (let length = 0; length < text.length; length++)
    assert.throws(
      () => walked(text.slice(0, length), ['data', 'items'], [['a']]),
      e => e instanceof NotJson && !e.message.includes('undefined'),
      `${length}`,
    )
  for (const bad of [
    '',
    ' ',
    '[1,]',
    '[1 2]',
    '{"a":1,}',
    '{"a" 1}',
    '[{}] x',
    'nul',
    '[01]',
    '["\n"]',
  ])
    for (const rows of [[], ['a']]) assert.throws(() => walked(bad, rows, []), NotJson, bad)
  assert.throws(() => walked('[[1],[2', [], []), /ends too early/)
  assert.throws(() => walked(`[${'['.repeat(5000)}`, [], []), NotJson)
})
