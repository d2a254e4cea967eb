/** Every `@example` of a docstring, and every block of TypeScript in the docs, type-checks as it stands there. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Example {
  readonly file: string
  readonly text: string
}

function filesOf(folder: string, end: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  return names
    .filter(name => name.endsWith(end) && !name.endsWith(`.test${end}`))
    .map(name => join(folder, name))
    .sort()
}

const examplesOf = (file: string): Example[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/@example\n([\s\S]*?)\n\s*\*\//g)].map(
    ([, text = '']) => ({
      file,
      text: text.replaceAll(/^\s*\* ?/gm, ''),
    }),
  )

const blocksOf = (file: string): Example[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(
    ([, text = '']) => ({ file, text }),
  )

/** As statements: of an object's property an expression is made, of a default export a constant. */
const statementsOf = (text: string): string => {
  if (/^params: /.test(text)) return `void { ${text} }`
  return text.replace(/^export default /m, 'void ').replaceAll(/^import .*\n/gm, '')
}

const PUBLIC = {
  millrace: [
    'coGroupByKey',
    'combineFn',
    'flatten',
    'param',
    'pipeline',
    'type Row',
    'schema',
    't',
  ],
  'millrace/io': ['audits', 'csv', 'http', 'mongo', 'ndjson', 'parquet', 'table', 'xlsx'],
  'millrace/testing': ['runRows'],
  'node:assert/strict': ['default as assert'],
}
/** Not public: its example needs it all the same. */
const INNER = { '../../../transforms/io/files/bytes.ts': ['parseBytes'] }
/** What another file's example calls by a name of the shop's. */
const OWN: Readonly<Record<string, string>> = {
  'testing/index.ts':
    "const lines = [{ invoiceNo: '1', quantity: 1, unitPrice: 1, customerId: null, price: 1, text: '' }]",
}

function moduleOf(examples: readonly Example[]): string {
  const imports = Object.entries({ ...PUBLIC, ...INNER }).map(
    ([from, names]) => `import { ${names.join(', ')} } from '${from}'`,
  )
  const shop = readFileSync(join(root, 'test/docs/shop.ts'), 'utf8')
  const names = [...shop.matchAll(/^export (?:declare )?const (\w+)/gm)].map(([, name]) => name)
  const functions = examples.map(
    ({ file, text }, i) =>
      `// ${file}\nexport async function example${i}() {\n${OWN[file] ?? ''}\n${statementsOf(text)}\n}`,
  )
  return `${imports.join('\n')}\nimport { ${names.join(', ')} } from '../shop.ts'\n\n${functions.join('\n\n')}\n`
}

test('examples in docstrings and docs type-check', () => {
  const sources = [...filesOf('transforms', '.ts'), ...filesOf('testing', '.ts')]
  const examples = [
    ...sources.flatMap(examplesOf),
    ...[...filesOf('docs', '.md'), 'README.md'].flatMap(blocksOf),
  ]
  assert.ok(examples.length > 40, `${examples.length} examples found`)
  const folder = mkdtempSync(join(root, 'test/docs/.examples-'))
  try {
    const module = join(folder, 'examples.ts')
    const text = moduleOf(examples)
    writeFileSync(module, text)
    const config = {
      extends: join(root, 'tsconfig.json'),
      files: [module],
      include: [],
      exclude: [],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const tsc = join(root, 'node_modules/.bin/tsc')
    const { status, stdout } = spawnSync(tsc, ['-p', folder, '--pretty', 'false'], {
      encoding: 'utf8',
    })
    const lines = text.split('\n')
    const shown = stdout.replaceAll(
      /^.*examples\.ts\((\d+),.*$/gm,
      (said, line) => `${said}\n    ${lines[Number(line) - 1]}`,
    )
    assert.equal(status, 0, shown)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
