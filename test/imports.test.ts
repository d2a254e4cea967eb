/**
 * Who may import whom: the folders follow the life of a pipeline, and each sees only what lies before
 * it. Tests see everything; type-only imports obey the layers, yet may close a cycle (they vanish).
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const DOOR = 'engine/compile/door.ts'
/** What each folder may import besides itself, packages, `node:` and engine/fault.ts; the longest name decides. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'engine/fault.ts': [],
  'engine/data': [],
  'engine/io': ['engine/data'],
  'engine/plan': ['engine/data', 'engine/io'],
  'engine/optimize': ['engine/data', 'engine/io', 'engine/plan'],
  'engine/compile': ['engine/data', 'engine/io', 'engine/plan'],
  'engine/run': ['engine/data', 'engine/io', 'engine/plan', 'engine/optimize', 'engine/compile'],
  transforms: ['engine/data', 'engine/io', 'engine/plan'],
  'transforms/io': ['engine/data', 'engine/io', 'engine/plan', DOOR],
  workers: ['engine'],
  testing: ['engine', 'transforms'],
  cli: ['engine', 'transforms', 'pipelines'],
  pipelines: [],
  bench: ['engine', 'transforms', 'testing', 'cli', 'pipelines', 'test/services'],
  test: ['engine', 'transforms', 'testing', 'cli', 'workers', 'pipelines'],
}
const FOLDERS = [...new Set(Object.keys(MAY_IMPORT).map(folder => folder.replace(/\/.*/, '')))]
const FROM = /^(?:import|export)\s+(type\s)?[\w\s*{},$]*?\bfrom\s*'([^']+)'/gm
const DYNAMIC = /\bimport\(\s*'([^']+)'/g
const BARE = /^import\s*'([^']+)'/gm
const EVAL = /\bnew\s+Function\b|\bFunction\s*\(|\beval\s*\(|['"]node:vm['"]/

const inside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(`${folder}/`)
const folderOf = (path: string): string =>
  Object.keys(MAY_IMPORT)
    .filter(folder => inside(path, folder))
    .sort((a, b) => b.length - a.length)[0] ?? ''
/** `pipelines/retail/rows/a.ts` → `pipelines/retail`: a pipeline's own files. */
const pipelineOf = (path: string): string => path.split('/').slice(0, 2).join('/')
const isTest = (path: string): boolean => inside(path, 'test') || /[.-]test\.ts$/.test(path)

/** What is wrong in a tree of sources, one sentence each. */
function problems(sources: ReadonlyMap<string, string>): string[] {
  const found: string[] = []
  const runtime = new Map<string, string[]>()
  for (const [path, source] of sources) {
    const text = source.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '')
    const named = path.split('/').find(part => /^(?:utils?|helpers?|common)$/.test(part))
    if (named) found.push(`${path} lies in a folder named ${named}`)
    if (!isTest(path) && EVAL.test(text) !== (path === DOOR))
      found.push(
        path === DOOR
          ? `${path} is no door any more`
          : `${path} evaluates text, as only ${DOOR} may`,
      )
    for (const [, target] of text.matchAll(BARE))
      found.push(`${path} imports '${target}' for its side effect`)
    const declared = [...text.matchAll(FROM)].map(([, type, target = '']) => ({
      target,
      loads: !type,
    }))
    const dynamic = [...text.matchAll(DYNAMIC)].map(([, target = '']) => ({ target, loads: false }))
    for (const { target, loads } of [...declared, ...dynamic]) {
      const to = target.startsWith('.') ? join(dirname(path), target) : target
      if (!isTest(path) && !allowed(path, to, target)) found.push(`${path} imports ${to}`)
      if (loads && sources.has(to)) runtime.set(path, [...(runtime.get(path) ?? []), to])
    }
  }
  return [...found, ...cycles(runtime)]
}

function allowed(path: string, to: string, target: string): boolean {
  const from = folderOf(path)
  if (!target.startsWith('.')) {
    const ours = /^millrace(?:\/|$)/.test(target)
    return from === 'pipelines' ? ours || target.startsWith('node:') : from === 'bench' || !ours
  }
  if (from === 'pipelines') return inside(to, pipelineOf(path))
  if (to === 'engine/fault.ts' || folderOf(to) === from) return true
  return (MAY_IMPORT[from] ?? []).some(folder => inside(to, folder))
}

/** Each cycle once, from the file where a walk in depth first closes it. */
function cycles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) found.push(`a cycle: ${[...trail.slice(start), path].join(' → ')}`)
    if (start >= 0 || done.has(path)) return
    for (const to of imports.get(path) ?? []) walk(to, [...trail, path])
    done.add(path)
  }
  for (const path of imports.keys()) walk(path, [])
  return found
}

test('the sources keep to the import rules', () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const paths = globSync(FOLDERS.map(folder => join(root, folder, '**/*.ts')))
  const sources = new Map<string, string>()
  for (const path of paths) {
    const name = relative(root, path).replaceAll('\\', '/')
    // A folder whose name starts with a dot is another test's, for as long as that runs.
    if (!name.includes('/.')) sources.set(name, readFileSync(path, 'utf8'))
  }
  assert.ok(sources.size > 100, `${sources.size} sources found`)
  assert.ok(sources.has(DOOR), `${DOOR} is gone`)
  assert.deepEqual(problems(sources), [])
})

/** One bad file each, and what must be said of it. */
const BAD: readonly (readonly [path: string, text: string, problem: string])[] = [
  [
    'engine/data/a.ts',
    `import { b } from '../plan/b.ts'`,
    'engine/data/a.ts imports engine/plan/b.ts',
  ],
  [
    'engine/plan/a.ts',
    `export * from '../optimize/b.ts'`,
    'engine/plan/a.ts imports engine/optimize/b.ts',
  ],
  [
    'engine/compile/a.ts',
    `import type { B } from '../run/b.ts'`,
    'engine/compile/a.ts imports engine/run/b.ts',
  ],
  [
    'engine/run/a.ts',
    `const b = await import('../../transforms/b.ts')`,
    'engine/run/a.ts imports transforms/b.ts',
  ],
  [
    'transforms/a.ts',
    `import {\n  b,\n} from '../engine/compile/door.ts'`,
    'transforms/a.ts imports engine/compile/door.ts',
  ],
  [
    'transforms/io/a.ts',
    `import { b } from '../../engine/run/b.ts'`,
    'transforms/io/a.ts imports engine/run/b.ts',
  ],
  [
    'pipelines/one/a.ts',
    `import { b } from '../two/b.ts'`,
    'pipelines/one/a.ts imports pipelines/two/b.ts',
  ],
  [
    'pipelines/one/a.ts',
    `import { b } from 'apache-arrow'`,
    'pipelines/one/a.ts imports apache-arrow',
  ],
  ['transforms/a.ts', `import './b.ts'`, `transforms/a.ts imports './b.ts' for its side effect`],
  ['engine/run/utils/a.ts', '', 'engine/run/utils/a.ts lies in a folder named utils'],
  [
    'engine/run/a.ts',
    `new ${'Function'}('x')`,
    `engine/run/a.ts evaluates text, as only ${DOOR} may`,
  ],
  ['engine/run/a.ts', `import { b } from './a.ts'`, 'a cycle: engine/run/a.ts → engine/run/a.ts'],
]
for (const [path, text, problem] of BAD)
  test(`refused: ${problem}`, () => assert.deepEqual(problems(new Map([[path, text]])), [problem]))

test('refused: a cycle of two files, told once', () => {
  const two = new Map([
    ['cli/a.ts', `import { b } from './b.ts'`],
    ['cli/b.ts', `import { a } from './a.ts'`],
  ])
  assert.deepEqual(problems(two), ['a cycle: cli/a.ts → cli/b.ts → cli/a.ts'])
})

/** One good file each. */
const GOOD: readonly (readonly [path: string, text: string])[] = [
  [
    'engine/data/a.ts',
    `import { Fault } from '../fault.ts'\nimport { b } from './b.ts'\nimport * as fs from 'node:fs'`,
  ],
  [
    'transforms/io/csv/a.ts',
    `import { compile } from '../../../engine/compile/door.ts'\nimport { b } from '../b.ts'`,
  ],
  [
    'pipelines/one/deep/a.ts',
    `import { t } from 'millrace'\nimport { csv } from 'millrace/io'\nimport { b } from '../b.ts'`,
  ],
  ['engine/data/a.test.ts', `import { b } from '../run/b.ts'`],
  ['engine/run/a.ts', '/**\n * Nothing here calls new Function.\n */'],
]
for (const [path, text] of GOOD)
  test(`allowed: ${path}`, () => assert.deepEqual(problems(new Map([[path, text]])), []))
