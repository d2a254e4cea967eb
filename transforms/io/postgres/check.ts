/** `millrace check postgres://…`: is the database reachable, may it be read and written as a run would. */
import { Fault } from '../../../engine/fault.ts'
import type { CheckReport, Missing } from '../../../engine/io/check.ts'
import { addressOf } from './address.ts'
import { STAGING } from './names.ts'
import { Session } from './session.ts'

interface Step {
  readonly what: string
  readonly hint: string
  run(session: Session): Promise<unknown>
}

const STEPS: readonly Step[] = [
  {
    what: 'export a snapshot',
    hint: 'a pooler in transaction mode cannot hold one: give the address of the server itself',
    run: session =>
      session.transaction(
        { keep: false, begin: 'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY' },
        () => session.run('SELECT pg_export_snapshot()'),
      ),
  },
  {
    what: `make the schema ${STAGING}`,
    hint: `only to write: GRANT CREATE ON DATABASE, or make the schema ${STAGING} and give it to the role`,
    run: session =>
      session.transaction({ keep: false }, async () => {
        const [found] = await session.rows(
          `SELECT to_regnamespace('${STAGING}') IS NOT NULL AS there`,
        )
        if (found?.['there'] !== true) await session.run(`CREATE SCHEMA ${STAGING}`)
        await session.run(`CREATE UNLOGGED TABLE ${STAGING}.millrace_check (id int)`)
      }),
  },
  {
    what: 'make a table in the first schema of the search path',
    hint: 'only to write new tables there: GRANT CREATE ON SCHEMA',
    run: session =>
      session.transaction({ keep: false }, () =>
        session.run('CREATE TABLE millrace_check (id int)'),
      ),
  },
]

/** Leaves nothing behind: each step is undone. Throws pipeline: the URI is none. */
export async function checkPostgres(uri: string): Promise<CheckReport> {
  const { shown } = addressOf(uri)
  const passed: string[] = []
  const missing: Missing[] = []
  const report = { system: 'Postgres', resource: shown, passed, missing }
  let session: Session
  try {
    session = await Session.open(uri)
  } catch (error) {
    missing.push(missingOf('connect', error))
    return report
  }
  passed.push('connect')
  try {
    for (const step of STEPS) {
      try {
        await step.run(session)
        passed.push(step.what)
      } catch (error) {
        missing.push({ ...missingOf(step.what, error), hint: step.hint })
      }
    }
  } finally {
    await session.close()
  }
  return report
}

function missingOf(what: string, error: unknown): Missing {
  if (!(error instanceof Fault)) throw error
  const hint = error.hint ?? 'look at the log of the server'
  return { what, answered: [error.message, ...error.detail].join('; '), hint }
}
