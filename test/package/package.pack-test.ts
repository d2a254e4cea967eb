/**
 * The package as a stranger gets it: packed, installed into an empty project, and run there by `npx`.
 * It installs from a registry or its cache and takes a minute, so `npm run test:package` alone runs it.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hostNode, type Ran, run } from './stranger.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const ours = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const work = mkdtempSync(join(tmpdir(), 'millrace-package-'))
const project = join(work, 'project')
const host = hostNode()

const typed = `import { param, pipeline, schema, t } from 'millrace'
import { csv, ndjson } from 'millrace/io'

const Line = schema({ id: t.int32, country: t.utf8, quantity: t.int32, price: t.decimal(10, 2) })
type Priced = { quantity: number; price: number }

export default pipeline({
  name: 'package',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    p.read(csv(input, Line))
      .filter(l => l.quantity > 0, { reason: 'cancelled' })
      .derive({ total: [t.decimal(12, 2), (l: Priced): number => l.quantity * l.price] })
      .select('id', 'country', 'total')
      .write(ndjson(output))
  },
})
`
const plain = typed.replace(/^type .*\n/m, '').replace('(l: Priced): number', 'l')
const files = {
  'package.json': JSON.stringify({ name: 'stranger', private: true, type: 'module' }),
  'in.csv':
    'id,country,quantity,price\n1,France,2,1.25\n2,Norway,-1,9.99\n3,"Korea, South",3,0.10\n',
  'pipeline.ts': typed,
  'plain.js': plain,
  'misspelt.ts': typed.replace("'id', 'country'", "'id', 'county'"),
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      target: 'esnext',
      module: 'nodenext',
      types: [],
    },
  }),
}
/** The package of an import that is neither relative nor Node's own. */
const PACKAGE = /\b(?:from|import\()\s*['"](?!node:)((?:@[\w.-]+\/)?[\w-][\w.-]*)(?=['"/])/g
const expected = [
  { id: 1, country: 'France', total: 2.5 },
  { id: 3, country: 'Korea, South', total: 0.3 },
]

function succeed(command: string, args: readonly string[], cwd = project): Ran {
  const ran = run(command, args, cwd)
  assert.equal(ran.code, 0, `${command} ${args.join(' ')}\n${ran.out}${ran.err}`)
  return ran
}

function install(...what: readonly string[]): void {
  succeed('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...what])
}

before(() => {
  succeed('npm', ['pack', '--pack-destination', work], root)
  const tarball = readdirSync(work).find(name => name.endsWith('.tgz'))
  assert.ok(tarball, 'npm pack made no tarball')
  mkdirSync(project)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text)
  install(join(work, tarball))
})
after(() => rmSync(work, { recursive: true, force: true }))

const words = (module: string, output: string): string[] => [
  'run',
  module,
  '--input',
  'in.csv',
  '--output',
  output,
  '--json',
]

function ranWell({ code, out, err }: Ran, output: string): void {
  assert.equal(code, 0, out + err)
  const report = JSON.parse(out)
  assert.equal(report.status, 'done')
  assert.deepEqual([report.rows.read, report.rows.filtered], [3, 1])
  assert.deepEqual(rowsIn(output), expected)
}

function rowsIn(output: string): unknown[] {
  const names = readdirSync(join(project, output), { recursive: true, encoding: 'utf8' })
  const lines = names
    .filter(name => name.endsWith('json'))
    .flatMap(name => readFileSync(join(project, output, name), 'utf8').split('\n'))
  const rows = lines.filter(line => line !== '').map(line => JSON.parse(line))
  // A decimal may stand there as a number or, exactly, as text.
  return rows.map(row => ({ ...row, total: Number(row.total) })).sort((a, b) => a.id - b.id)
}

test('the package holds what is built, its licence and nothing else', () => {
  const names = readdirSync(join(project, 'node_modules', 'millrace')).sort()
  assert.deepEqual(names, ['LICENSE', 'README.md', 'cli', 'dist', 'package.json'])
  const all = readdirSync(join(project, 'node_modules', 'millrace'), {
    recursive: true,
    encoding: 'utf8',
  })
  assert.deepEqual(
    all.filter(name => /\.test\.|(?<!\.d)\.ts$/.test(name)),
    [],
  )
})

test('what is built imports only packages that are installed with it', () => {
  const dist = join(project, 'node_modules', 'millrace', 'dist')
  const names = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  const imported = names
    .filter(name => name.endsWith('.js'))
    .flatMap(name => [...readFileSync(join(dist, name), 'utf8').matchAll(PACKAGE)])
    .map(([, name = '']) => name)
  assert.ok(imported.includes('@duckdb/node-api'))
  assert.deepEqual(
    imported.filter(name => !Object.hasOwn(ours.dependencies, name)),
    [],
  )
})

test('too old a Node and no newer one: exit 2, and how to get it', { skip: host.skip }, () => {
  const { code, out, err } = run('npx', ['millrace', '--help'], project)
  assert.equal(code, 2, out + err)
  assert.match(err, /millrace: needs Node 26 or newer, this is v\d/)
  assert.match(err, /npm install --save-dev node@26/)
})

test('with Node 26 in the project', async t => {
  install('--save-dev', `node@${ours.devDependencies.node}`)
  await t.test('a pipeline in TypeScript runs by npx', () =>
    ranWell(run('npx', ['millrace', ...words('pipeline.ts', 'out')], project), 'out'),
  )
  await t.test(
    "a pipeline in JavaScript runs under the host's own Node",
    { skip: host.skip },
    () => {
      const launcher = join('node_modules', 'millrace', 'cli', 'launch.cjs')
      ranWell(run(host.path, [launcher, ...words('plain.js', 'out-plain')], project), 'out-plain')
    },
  )
  await t.test('wrong usage is exit 2', () =>
    assert.equal(run('npx', ['millrace', 'rnu'], project).code, 2),
  )
})

test('the types of the package check a pipeline, and refuse a misspelt column', () => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { code, out } = run(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], project)
  assert.notEqual(code, 0)
  const wrong = out.split('\n').filter(line => line.includes(': error '))
  assert.deepEqual(
    wrong.map(line => line.split('(')[0]),
    ['misspelt.ts'],
    out,
  )
})
