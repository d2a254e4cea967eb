/** Which object names a pattern takes, held against Node's own globs, and what a store is asked for. */
import assert from 'node:assert/strict'
import { matchesGlob } from 'node:path'
import { test } from 'node:test'
import { patternOf } from './glob.ts'

const NAMES = [
  ...[
    'in/a.csv',
    'in/b.csv.gz',
    'in/c-1.csv',
    'in/c-12.csv',
    'in/x/a.csv',
    'in/x/y/a.csv',
    'a.csv',
  ],
  ...[
    'in/é.csv',
    'in/a b.csv',
    'in/a+b(1).csv',
    'in/[z].csv',
    'in/^.csv',
    'in/day=2024-01-31/p.csv',
  ],
]
const PATTERNS = [
  ...['in/*.csv', 'in/*', 'in/**/*.csv', '**/*.csv', 'in/**', 'in/c-?.csv', 'in/{a,b}.csv*'],
  ...[
    'in/[a-c]*.csv',
    'in/[!a-c]*.csv',
    'in/day=*/*.csv',
    '*/a.csv',
    '{in,out}/x/**/a.csv',
    'in/a+b(?).csv',
  ],
]

test('names are taken as by Node', () => {
  let taken = 0
  for (const pattern of PATTERNS) {
    const { matches } = patternOf(pattern)
    for (const name of NAMES) {
      assert.equal(matches(name), matchesGlob(name, pattern), `${pattern} ${name}`)
      if (matches(name)) taken++
    }
  }
  assert.ok(taken > 30 && taken < NAMES.length * PATTERNS.length, `${taken} taken`)
})

test('the longest text before a wildcard is asked for', () => {
  for (const [pattern, prefix, base] of [
    ['in/lines-*.csv', 'in/lines-', 'in/'],
    ['*.csv', '', ''],
    ['in/2024/{01,02}/*.csv', 'in/2024/', 'in/2024/'],
  ]) {
    const found = patternOf(pattern as string)
    assert.deepEqual([found.prefix, found.base], [prefix, base])
  }
})

test('hidden names are taken where they are asked for', () => {
  const takes = (pattern: string, name: string) => patternOf(pattern).matches(name)
  assert.equal(takes('in/*', 'in/_SUCCESS'), false)
  assert.equal(takes('in/**', 'in/_tmp/a.csv'), false)
  assert.equal(takes('in/_*', 'in/_SUCCESS'), true)
  assert.equal(takes('_in/*', '_in/a.csv'), true)
})
