/**
 * Builds `dist`: types file by file, JavaScript as one bundle of few files. Some 250 small modules took
 * 145 ms to import in each thread, the bundle takes 48. Packages stay outside of it, but for Piscina,
 * which every run imports: its 15 files took 22 ms, one takes 10. An argument names another folder than
 * `dist`.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const dist = resolve(process.argv[2] ?? join(root, 'dist'))
/** What users import, and what processes and threads start from. */
const entryPoints = [
  'transforms/index.ts',
  'transforms/io/index.ts',
  'testing/index.ts',
  'cli/run-child.ts',
  'workers/task.ts',
  'pipelines/retail/generate/file-worker.ts',
]

/** Started through what keeps compiled code. */
const started = [
  { in: 'cli/start.ts', out: 'cli/main' },
  { in: 'cli/start-direct.ts', out: 'cli/run-direct' },
]

rmSync(dist, { recursive: true, force: true })
const tsc = join(root, 'node_modules/typescript/bin/tsc')
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', dist], {
  cwd: root,
  stdio: 'inherit',
})
const shared = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node26',
}
await build({
  ...shared,
  entryPoints: [
    ...entryPoints.map(path => ({ in: path, out: path.replace(/\.ts$/, '') })),
    ...started,
  ],
  outdir: dist,
  splitting: true,
  packages: 'external',
  plugins: [{ name: 'piscina', setup: toOwnPiscina }],
  logLevel: 'warning',
})

/** What Piscina requires and where it finds its worker, in the place of CommonJS's own. */
const COMMONJS = `import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
const __dirname = import.meta.dirname`
const piscina = join(root, 'node_modules/piscina')
await build({
  ...shared,
  entryPoints: [
    { in: join(piscina, 'dist/worker.js'), out: 'worker' },
    { in: join(piscina, 'dist/esm-wrapper.mjs'), out: 'index' },
  ],
  outdir: join(dist, 'piscina'),
  external: ['@napi-rs/nice'],
  banner: { js: COMMONJS },
  logLevel: 'warning',
})
copyFileSync(join(piscina, 'LICENSE'), join(dist, 'piscina/LICENSE'))

function toOwnPiscina(plugin) {
  plugin.onResolve({ filter: /^piscina$/ }, () => ({ path: '#piscina', external: true }))
}
