/**
 * A snapshot of a database that many connections read: one connection exports it and stays in its
 * transaction, the others adopt it by name. Rows that are changed meanwhile stay as they were.
 */
import { Fault } from '../../../engine/fault.ts'
import { retried } from './retry.ts'
import { Session } from './session.ts'

export const READ_ONLY = 'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY'

export class Snapshot {
  readonly session: Session
  /** By which other connections adopt it; it is of no use once the session is closed. */
  readonly name: string
  /** What it sees: another text is another state of the database. */
  readonly state: string

  private constructor(session: Session, name: string, state: string) {
    this.session = session
    this.name = name
    this.state = state
  }

  static async open(uri: string): Promise<Snapshot> {
    const session = await Session.open(uri)
    try {
      await session.run(READ_ONLY)
      const [row] = await session.rows(
        'SELECT pg_export_snapshot() AS name, pg_current_snapshot()::text AS state, d.oid::text AS oid, (SELECT system_identifier::text FROM pg_control_system()) AS system FROM pg_database d WHERE d.datname = current_database()',
      )
      const { name, state, oid, system } = row as Record<string, string>
      return new Snapshot(session, name as string, `${system}/${oid}/${state}`)
    } catch (error) {
      session.destroy()
      throw error
    }
  }

  #users = 1

  /** Another table is read in it; false where no other is any more. Throws resource: its connection broke. */
  share(): boolean {
    if (this.#users === 0) return false
    if (this.session.broken !== null) throw gone(this.session)
    this.#users++
    return true
  }

  /** Ends with the last that uses it. */
  async close(): Promise<void> {
    if (--this.#users === 0) await this.session.close()
  }
}

const shared = new WeakMap<object, Map<string, Promise<Snapshot>>>()

/** The snapshot of a database that all tables of a run (`scope`) are read in; each user closes it. */
export async function snapshotOf(uri: string, scope: object = {}): Promise<Snapshot> {
  const known = shared.get(scope) ?? new Map<string, Promise<Snapshot>>()
  shared.set(scope, known)
  const there = await known.get(uri)
  if (there?.share() === true) return there
  const opened = Snapshot.open(uri)
  known.set(uri, opened)
  try {
    return await opened
  } catch (error) {
    known.delete(uri)
    throw error
  }
}

const gone = ({ shown }: Session, cause?: Fault): Fault =>
  new Fault('resource', `${shown}: the snapshot that is read is gone`, {
    detail: cause?.detail ?? [],
    hint: 'the connection that held it broke: run it again',
    ...(cause === undefined ? {} : { cause }),
  })

const NAME = /^[0-9A-F-]+$/i

/** A connection that sees what the snapshot sees. Throws resource: the snapshot is gone. */
export function adopt(uri: string, name: string): Promise<Session> {
  if (!NAME.test(name)) throw new Fault('engine', 'this is no name of a snapshot')
  return retried(() => adoptOnce(uri, name))
}

async function adoptOnce(uri: string, name: string): Promise<Session> {
  const session = await Session.open(uri, 0)
  try {
    await session.run(READ_ONLY)
    await session.run(`SET TRANSACTION SNAPSHOT '${name}'`)
    return session
  } catch (error) {
    session.destroy()
    if (!(error instanceof Fault) || !/snapshot/.test(error.message)) throw error
    throw gone(session, error)
  }
}
