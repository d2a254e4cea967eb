/** Loads published in one transaction: its statements, and the tables that it cannot make itself. */
import { dropTable, ensureTable, type Session } from './session.ts'
import { newTable, referenceOf } from './layout.ts'
import * as ledger from './ledger.ts'
import { mergeStatements } from './merge.ts'
import { deletedName, names } from './names.ts'
import { deletePartitions } from './partition-sql.ts'
import type { Found } from './publish.ts'
import { placesOf } from './standing.ts'
import { fieldOf } from './types.ts'

const SCRIPT_MS = 6 * 3600_000

/** All of it becomes visible, or none. */
export async function runScript(session: Session, found: readonly Found[]): Promise<string[]> {
  if (found.length === 0) return []
  await Promise.all(found.map(f => makeMissing(session, f)))
  const declare: string[] = []
  const statements: string[] = [ledger.lock(session)]
  for (const [index, f] of found.entries()) {
    const made = statementsOf(session, f, index)
    declare.push(...made.declare)
    statements.push(...made.statements)
  }
  const { load } = found[0] as Found
  const subject = `publishing ${found.map(f => f.load.table).join(', ')}`
  const o = { declare, statements, subject, at: load.at, deadlineMs: SCRIPT_MS }
  const job = await ledger.transact(session, o)
  for (const f of found) if (f.load.options.mode === 'replace') await dropGraves(session, f)
  return [job]
}

const dropGraves = async (session: Session, { entries }: Found): Promise<void> => {
  for (const { id, mode } of entries) if (mode === 'deleted') await dropTable(session, id)
}

/** Tables that statements of a transaction need, and cannot make. */
async function makeMissing(session: Session, found: Found): Promise<void> {
  const { load, exists } = found
  const made = exists ? null : ensureTable(session, newTable(load, session.dataset), load)
  await Promise.all([made, makeGraves(session, found)])
}

async function makeGraves(session: Session, { load, buries }: Found): Promise<void> {
  const { mode, key, latest, deleted } = load.options
  if (mode !== 'merge' || deleted === null || buries) return
  const kept = load.columns.filter(c => key.includes(c.name) || c.name === latest)
  const graves = deletedName(load)
  const table = {
    tableReference: referenceOf(session.dataset, graves),
    schema: { fields: kept.map(c => ({ ...fieldOf(c), mode: 'NULLABLE' })) },
    description: `Keys of ${load.table} whose rows were deleted, and when`,
  }
  await ensureTable(session, table, load)
}

function statementsOf(
  session: Session,
  { load, buries }: Found,
  index: number,
): { declare: string[]; statements: string[] } {
  const { mode, deleted } = load.options
  const places = placesOf(load, session.dataset, deleted !== null)
  const { target, staging } = places
  const columns = names(load.columns.map(c => c.name))
  const insert = `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${staging}`
  const known = ledger.remember(session, load)
  if (mode === 'append')
    // Another run of this very load may have been faster.
    return {
      declare: [],
      statements: [
        `IF NOT EXISTS (${ledger.remembered(session, load)}) THEN\n${[insert, ...known].join(';\n')};\nEND IF`,
      ],
    }
  if (mode === 'replace')
    return {
      declare: [],
      statements: [
        `TRUNCATE TABLE ${target}`,
        insert,
        ledger.forget(session, load.table),
        ...known,
      ],
    }
  if (mode === 'replacePartition') {
    const removed = deletePartitions(load, { target, staging, index })
    return { declare: removed.declare, statements: [...removed.statements, insert, ...known] }
  }
  const graves = deletedName(load)
  const buried = deleted !== null && !buries
  return {
    declare: [],
    statements: [
      // One that the ledger does not know was left by a process that died as it replaced the table.
      ...(buried ? [`TRUNCATE TABLE ${places.graves}`] : []),
      ...mergeStatements(load, places),
      ...known,
      ...(buried ? [ledger.rememberDeleted(session, load.table, graves)] : []),
    ],
  }
}
