/**
 * Compiles the AssemblyScript kernels (`*.as`) and writes each one's bytes, with the hash of its text,
 * into the `.wasm.ts` file beside it, which is committed: who does not change a kernel needs no compiler.
 * The compiler comes from npm into `.cache/assemblyscript`. `node scripts/kernels.mjs`
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const VERSION = '0.28.20'
const OPTIONS = '--enable simd --runtime stub --noAssert -O3 --importMemory --noExportMemory'
const root = join(import.meta.dirname, '..')
const home = join(root, '.cache/assemblyscript')
const compiler = join(home, 'node_modules/.bin/asc')

if (!existsSync(compiler)) {
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'package.json'), '{ "private": true }\n')
  execFileSync('npm', ['install', '--no-audit', '--no-fund', `assemblyscript@${VERSION}`], {
    cwd: home,
    stdio: 'inherit',
  })
}
for (const path of globSync('{engine,transforms}/**/*.as', { cwd: root })) {
  const name = basename(path, '.as')
  const text = readFileSync(join(root, path))
  copyFileSync(join(root, path), join(home, `${name}.ts`))
  const args = [`${name}.ts`, ...OPTIONS.split(' '), '-o', `${name}.wasm`]
  execFileSync(compiler, args, { cwd: home, stdio: 'inherit' })
  const wasm = readFileSync(join(home, `${name}.wasm`)).toString('base64')
  const lines = wasm.match(/.{1,88}/g).map(line => `  '${line}',`)
  const hash = createHash('sha256').update(text).digest('hex')
  const source = [
    `/** \`${name}.as\`, compiled by AssemblyScript ${VERSION}: written by \`scripts/kernels.mjs\`. */`,
    `export const SOURCE_HASH = '${hash}'`,
    'export const WASM = [',
    ...lines,
    "].join('')",
    '',
  ]
  writeFileSync(join(root, path.replace(/\.as$/, '.wasm.ts')), source.join('\n'))
  console.log(`${path}: ${Math.round(wasm.length * 0.75)} bytes`)
}
