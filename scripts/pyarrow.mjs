/**
 * Installs the pyarrow that the Parquet tests read and write with, from PyPI, into `.cache/pyarrow` (or
 * the folder named by PYARROW_HOME). The tests look there, and skip their pyarrow half where there is
 * none. Does nothing where it is there already. `node scripts/pyarrow.mjs`
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

const VERSION = '26.0.1'
const python = process.env.PYTHON ?? 'python3'
const home = process.env.PYARROW_HOME ?? join(import.meta.dirname, '../.cache/pyarrow')
const part = `${home}.${process.pid}.part`

if (existsSync(join(home, `pyarrow-${VERSION}.dist-info`))) {
  console.log(`pyarrow ${VERSION} is in ${home}`)
  process.exit()
}
mkdirSync(dirname(home), { recursive: true })
try {
  // Whole or not at all: a killed install leaves no folder that looks like one.
  const target = ['--target', part, '--no-deps', '--only-binary', ':all:']
  const quiet = ['--disable-pip-version-check', '--no-input']
  const pip = ['-m', 'pip', 'install', ...quiet, ...target, `pyarrow==${VERSION}`]
  execFileSync(python, pip, { stdio: 'inherit' })
  rmSync(home, { recursive: true, force: true })
  renameSync(part, home)
} catch {
  // pip has said why.
  process.exitCode = 1
} finally {
  rmSync(part, { recursive: true, force: true })
}
