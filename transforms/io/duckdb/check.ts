/** `millrace check` of a DuckDB file: it opens to be read, no other process holds it, and it may be written. */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faultToJson } from '../../../engine/fault.ts'
import type { CheckReport, Missing } from '../../../engine/io/check.ts'
import { checkFiles } from '../files/check.ts'
import { Session } from './session.ts'

const PREFIX = 'duckdb:'
const HINT = 'see whether it is a DuckDB file that this version reads'

/** Makes a table in a transaction that is undone. A file that is not there yet is not made. */
export async function checkDuckDb(uri: string): Promise<CheckReport> {
  const path = uri.slice(PREFIX.length)
  if (path === '' || !existsSync(path)) {
    const { passed, missing } = await checkFiles(path)
    return { system: 'DuckDB', resource: uri, passed, missing }
  }
  const passed: string[] = []
  const missing: Missing[] = []
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-check-'))
  let step = 'open the file'
  let session: Session | null = null
  try {
    const limits = { memoryBytes: 64e6, threads: 1, tempDirectory: scratch }
    // An empty file is made a database by whoever writes first.
    const readOnly = statSync(path).size > 0
    session = await Session.open(uri, limits, { readOnly })
    passed.push(step)
    step = 'read its tables'
    const [row] = await session.rows('SELECT count(*)::INTEGER AS n FROM duckdb_tables()')
    passed.push(`${step}: ${row?.['n']}`)
    step = 'write to it'
    session.close()
    session = null
    session = await Session.open(uri, limits)
    const open = session
    await open.transaction(false, () => open.run('CREATE TABLE millrace_check (a INTEGER)'))
    passed.push(step)
  } catch (error) {
    const { message, hint } = faultToJson(error)
    missing.push({ what: step, answered: message, hint: hint ?? HINT })
  } finally {
    session?.close()
    rmSync(scratch, { recursive: true, force: true })
  }
  return { system: 'DuckDB', resource: uri, passed, missing }
}
