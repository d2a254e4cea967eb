/**
 * Builds `dist`: types file by file, JavaScript as one bundle of few files. Some 250 small modules took
 * 145 ms to import in each thread, the bundle takes 48. Packages stay outside of it. An argument names
 * another folder than `dist`.
 *
 * Modules go into one file where the same entries reach them. So that there are few such files, each
 * entry of the engine imports all of it that threads and users share.
 */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const dist = resolve(process.argv[2] ?? join(root, 'dist'))
/** What users import, and what processes and threads start from. */
const entryPoints = [
  'transforms/index.ts',
  'transforms/io/index.ts',
  'testing/index.ts',
  'workers/task.ts',
  'transforms/io/objects/object-thread.ts',
  'pipelines/retail/generate/file-worker.ts',
]

/** What threads and users share. */
const SHARED = ['transforms/index.ts', 'transforms/io/index.ts', 'engine/run/load.ts']
/** Imported by need: by processes that use the engine themselves, not by the one that guards a run. */
const BY_NEED = [
  join(root, 'transforms/'),
  join(root, 'pipelines/'),
  ...['engine', 'explain', 'infer', 'parameters', 'generate'].map(m => join(root, `cli/${m}.ts`)),
]

/** Processes that import the engine later, the first two through what keeps compiled code. */
const started = [
  { in: 'cli/start.ts', out: 'cli/main' },
  { in: 'cli/start-direct.ts', out: 'cli/run-direct' },
  { in: 'cli/run-child.ts', out: 'cli/run-child' },
]

rmSync(dist, { recursive: true, force: true })
const tsc = join(root, 'node_modules/typescript/bin/tsc')
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', dist], {
  cwd: root,
  stdio: 'inherit',
})
await build({
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node26',
  entryPoints: [
    ...entryPoints.map(path => ({ in: `whole:${path}`, out: path.replace(/\.ts$/, '') })),
    ...started,
  ],
  outdir: dist,
  splitting: true,
  packages: 'external',
  plugins: [{ name: 'whole', setup: toWhole }],
  logLevel: 'warning',
})

function toWhole(plugin) {
  const namespace = 'whole'
  plugin.onResolve({ filter: /^whole:/ }, ({ path }) => ({
    path: join(root, path.slice(namespace.length + 1)),
    namespace,
  }))
  plugin.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
    const whole = resolve(resolveDir, path)
    const byNeed = kind === 'dynamic-import' && BY_NEED.some(start => whole.startsWith(start))
    return byNeed ? { path: whole, namespace } : null
  })
  plugin.onLoad({ filter: /.*/, namespace }, ({ path }) => ({
    contents: [
      ...SHARED.map(shared => `import ${JSON.stringify(join(root, shared))}`),
      `export * from ${JSON.stringify(path)}`,
    ].join('\n'),
    resolveDir: root,
  }))
}
