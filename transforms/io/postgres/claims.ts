/**
 * A run's connection, and by its locks the staging tables that no other run may take for leftovers. Where
 * it breaks another takes its place, and claims again what the first one had.
 */
import { Fault } from '../../../engine/fault.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'
import { mayPass } from './faults.ts'
import { Session } from './session.ts'

/** For the server to see that a connection of ours is gone, whose locks are wanted again. */
const RECLAIM_MS = 90_000

export class Claims {
  /** Where tables without a schema of their own are. */
  schema = 'public'
  /** Staging tables that were without their lock for a while, or went through a crash of the server. */
  readonly unsure = new Set<string>()
  readonly #address: string
  readonly #claimed = new Set<string>()
  #session: Session | null = null
  #opening: Promise<Session> | null = null

  constructor(address: string) {
    this.#address = address
  }

  get isOpen(): boolean {
    return this.#session !== null
  }

  /** The connection, or another where it broke; what was claimed by it is claimed again. */
  open(): Promise<Session> {
    if (this.#session?.broken === null) return Promise.resolve(this.#session)
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  async #connect(): Promise<Session> {
    const session = await Session.open(this.#address, 0)
    this.#session?.destroy()
    try {
      const [row] = await session.rows('SELECT current_schema() AS schema')
      this.schema = (row?.['schema'] as string | null | undefined) ?? 'public'
      if (this.#claimed.size > 0) await this.#reclaim(session)
    } catch (error) {
      session.destroy()
      throw error
    }
    this.#session = session
    return session
  }

  /** Throws resource: another run has what the broken connection had. */
  async #reclaim(session: Session): Promise<void> {
    await session.run(`SET lock_timeout = ${RECLAIM_MS}`)
    for (const staged of this.#claimed) {
      this.unsure.add(staged)
      const what = `staging table ${staged}: its connection broke, and another run has it`
      await session.rows('SELECT pg_advisory_lock(hashtextextended($1, 1))', [staged], { what })
    }
    await session.run('SET lock_timeout = 0')
  }

  /** Marks a staging table as in use, so that no other run takes it for a leftover. */
  async claim({ table, at }: TableLoad, staged: string): Promise<void> {
    const session = await this.open()
    if (this.#claimed.has(staged)) return
    const [row] = await session.rows(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 1)) AS free',
      [staged],
    )
    if (row?.['free'] !== true)
      throw new Fault('resource', `table ${table}: another run loads the same rows`, {
        at,
        hint: 'wait for it to end, or end it',
      })
    this.#claimed.add(staged)
  }

  async release(staged: readonly string[]): Promise<void> {
    const names = staged.filter(name => this.#claimed.delete(name))
    for (const name of names) this.unsure.delete(name)
    const unlock = 'SELECT pg_advisory_unlock(hashtextextended(n, 1)) FROM unnest($1::text[]) n'
    await this.#session?.rows(unlock, [names]).catch(error => {
      // A connection that broke has let go of its locks.
      if (!mayPass(error)) throw error
    })
  }

  /** Whether no run is at work on a staging table: each holds a lock of its tables' names. */
  async isFree(session: Session, name: string): Promise<boolean> {
    if (this.#claimed.has(name)) return false
    const [row] = await session.rows(
      'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 1)) AS free',
      [name],
    )
    return row?.['free'] === true
  }

  async close(): Promise<void> {
    const session = this.#session
    this.#session = null
    await session?.close()
  }
}
