/**
 * One connection to a database: opened with retries, statements with parameters, errors as faults. The
 * client library is imported when first used. Everything that a session reads as text has one form:
 * ISO dates, UTC, UTF-8.
 */
import type { Client, ClientConfig, Submittable } from 'pg'
import type { Fault } from '../../../engine/fault.ts'
import { type Address, addressOf } from './address.ts'
import { passing, pgFault } from './faults.ts'
import { retried } from './retry.ts'

export type Row = Record<string, unknown>

const CLOSE_MS = 2000
/** Of what plans and checks; reading and loading may take as long as they get on. */
export const STATEMENT_MS = 120_000

const SETTINGS = [
  "SET DateStyle = 'ISO, YMD'",
  "SET TimeZone = 'UTC'",
  "SET IntervalStyle = 'postgres'",
  "SET bytea_output = 'hex'",
  'SET extra_float_digits = 1',
  'SET lock_timeout = 0',
  // Those of them that the server's version has: a snapshot is held in a transaction that idles.
  "SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout')",
  // A machine that is gone keeps its locks for a minute, not for two hours.
  "SELECT set_config(name, '10', false) FROM pg_settings WHERE name IN ('tcp_keepalives_idle', 'tcp_keepalives_interval')",
  'SET tcp_keepalives_count = 5',
]

export class Session {
  readonly shown: string
  readonly client: Client
  /** Set once the connection is of no more use. */
  broken: unknown = null

  private constructor(client: Client, shown: string) {
    this.client = client
    this.shown = shown
    // Without a listener an idle connection that breaks would end the process.
    client.on('error', error => {
      this.broken ??= error
    })
  }

  /** `statementMs`: after which a statement is given up; 0 for never. Throws resource, pipeline. */
  static open(uri: string, statementMs = STATEMENT_MS): Promise<Session> {
    const address = addressOf(uri)
    return retried(async () => {
      const client = await connected(address)
      const session = new Session(client, address.shown)
      try {
        await session.run([...SETTINGS, `SET statement_timeout = ${statementMs}`].join('; '))
        return session
      } catch (error) {
        session.destroy()
        throw error
      }
    })
  }

  /** Rows as objects; text and numbers as `pg` gives them. */
  async rows(sql: string, values: readonly unknown[] = [], about?: About): Promise<Row[]> {
    try {
      // By the extended protocol, which takes one statement only.
      const query = { text: sql, values: [...values], queryMode: 'extended' }
      return (await this.client.query(query)).rows as Row[]
    } catch (error) {
      throw this.fault(error, { sql, ...about })
    }
  }

  /** One statement, or several apart by `;`; how many rows the last one changed. */
  async run(sql: string, about?: About): Promise<number> {
    try {
      const result = await this.client.query(sql)
      const last = Array.isArray(result) ? result.at(-1) : result
      return (last?.rowCount as number | null | undefined) ?? 0
    } catch (error) {
      throw this.fault(error, { sql, ...about })
    }
  }

  submit<T extends Submittable>(query: T): T {
    return this.client.query(query)
  }

  fault(error: unknown, { what = this.shown, ...o }: About & { sql?: string } = {}): Fault {
    if (passing(error)) this.broken ??= error
    return pgFault(error, what, o)
  }

  /** Runs `work` in a transaction that is undone where it throws, or where `keep` is false. */
  async transaction<T>(o: { keep: boolean; begin?: string }, work: () => Promise<T>): Promise<T> {
    await this.run(o.begin ?? 'BEGIN')
    try {
      const result = await work()
      await this.run(o.keep ? 'COMMIT' : 'ROLLBACK')
      return result
    } catch (error) {
      // A broken connection undoes by itself.
      if (this.broken === null) await this.run('ROLLBACK').catch(() => this.destroy())
      throw error
    }
  }

  /** Leaves politely; a server that does not answer is left anyway. */
  async close(): Promise<void> {
    if (this.broken !== null) return this.destroy()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, CLOSE_MS)
    })
    await Promise.race([this.client.end().catch(() => {}), late])
    clearTimeout(timer)
    this.destroy()
  }

  /** Drops the connection at once: the server undoes what was under way. */
  destroy(): void {
    this.broken ??= new Error('the connection was closed')
    socketOf(this.client).destroy()
  }
}

/** What a statement is about, for its fault. */
export interface About {
  readonly what?: string
  readonly at?: string
}

export const socketOf = (client: Client): import('node:net').Socket =>
  (client as unknown as { connection: { stream: import('node:net').Socket } }).connection.stream

async function connected({ config, shown }: Address): Promise<Client> {
  try {
    return await connect(config)
  } catch (error) {
    throw pgFault(error, `${shown} cannot be connected to`)
  }
}

async function connect(config: ClientConfig): Promise<Client> {
  const { default: pg } = await import('pg')
  const client = new pg.Client(config)
  try {
    await client.connect()
    return client
  } catch (error) {
    client.on('error', () => {})
    socketOf(client).destroy()
    throw error
  }
}
