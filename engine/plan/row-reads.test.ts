/** Which columns a function's text proves to be read, and what counts as a use of the whole row. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowReads } from './row-reads.ts'

const COLUMNS = new Set(['a', 'b', 'größe', 'gr', 'constructor', '$x', 'r'])
// biome-ignore lint/suspicious/noExplicitAny: functions of any row
type Any = any
const keep: unknown[] = []
const use = (x: unknown) => keep.push(x)

/** Functions, and the columns that they may read. */
const PROVEN: readonly (readonly [fn: (r: Any, side?: Any) => unknown, reads: string])[] = [
  [r => r.a, 'a'],
  [r => r.a + r.b, 'a b'],
  [() => 1, ''],
  [(r, s) => r.a + s.b.c, 'a'],
  [r => r.a?.length ?? r?.b, 'a b'],
  [r => `${r.a} and ${r.b}`, 'a b'],
  [r => r.größe, 'größe'],
  [r => r.$x, '$x'],
  [r => r.constructor, 'constructor'],
  [r => use({ ...r.a, x: r.b }), 'a b'],
  [r => r.r, 'r'],
  [r => [1, 2].map(v => v + r.a), 'a'],
  [r => r.a === r.b || r.a >= 3, 'a b'],
  [({ a, b: other }) => a + other, 'a b'],
  [({ größe }) => größe, 'größe'],
  [
    function named(r) {
      return r.a
    },
    'a',
  ],
  [
    {
      method(r: Any) {
        return r.b
      },
    }.method,
    'b',
  ],
  // A name in a text or a comment counts as read: more is never wrong.
  [r => `r.b ${r.a}`, 'a b'],
]
for (const [fn, reads] of PROVEN)
  test(`reads ${reads || 'nothing'}: ${String(fn).replace(/\s+/g, ' ')}`, () =>
    assert.deepEqual(rowReads(fn, COLUMNS), new Set(reads.split(' ').filter(Boolean))))

const WHOLE: readonly ((r: Any, side?: Any) => unknown)[] = [
  r => r,
  r => use(r),
  r => ({ ...r }),
  r => ({ r }),
  r => Object.keys(r),
  r => r['a'],
  r => r[use(1)],
  r => r?.['a'],
  r => r.missing,
  r => {
    r.a = 1
  },
  r => {
    r.a **= 2
  },
  r => {
    r.a ??= 2
  },
  r => {
    r.b++
  },
  r => {
    const other = r
    return other.a
  },
  r => (() => r)().a,
  ({ ...rest }) => rest,
  ({ a = 1 }) => a,
  ({ a: { x } }) => x,
  ({ missing }) => missing,
  function () {
    // biome-ignore lint/complexity/noArguments: what is tested
    return arguments[0]
  },
  async r => r.a,
  function* (r) {
    yield r.a
  },
  (...all) => all[0].a,
  ((r: Any) => r.a).bind(null),
  Math.abs,
  new Function('r', 'return eval("r").a') as never,
  new Function('r', 'return \\u0072.a + r.b') as never,
  class {} as never,
]
for (const fn of WHOLE)
  test(`may use the row as a whole: ${String(fn).replace(/\s+/g, ' ')}`, () =>
    assert.equal(rowReads(fn, COLUMNS), null))
