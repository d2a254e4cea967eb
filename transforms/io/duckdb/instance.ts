/**
 * The DuckDB files that this process has open, one instance each. DuckDB's file lock keeps out other
 * processes only: a second instance in the same one would open the file, see neither the first one's
 * rows nor its locks, and overwrite them. The library is imported when first used (190 ms).
 */
import { existsSync, realpathSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { WarehouseLimits } from '../../../engine/io/sink.ts'
import { refuseOther } from './errors.ts'

interface Shared {
  readonly instance: Promise<DuckDBInstance>
  /** Staging tables in use, of any run in this process. */
  readonly staged: Set<string>
  users: number
  /** The file is new, and nobody has put anything into it: it goes with its last user. */
  empty: boolean
}

export interface Connected {
  readonly connection: DuckDBConnection
  readonly staged: Set<string>
  /** The file holds something now. */
  keep(): void
  close(): void
}

const BYTES_MIN = 64e6
const open = new Map<string, Shared>()

/** A connection of its own to the file's one instance, whose limits are those of its first user. */
export async function connect(path: string, limits: WarehouseLimits): Promise<Connected> {
  const key = identity(path)
  const shared = open.get(key) ?? {
    empty: !existsSync(path),
    instance: create(path, limits),
    staged: new Set(),
    users: 0,
  }
  open.set(key, shared)
  shared.users++
  const leave = (instance?: DuckDBInstance): void => {
    if (--shared.users > 0) return
    open.delete(key)
    instance?.closeSync()
    if (shared.empty) for (const end of ['', '.wal']) rmSync(path + end, { force: true })
  }
  const instance = await shared.instance.catch(error => {
    leave()
    throw error
  })
  try {
    const connection = await instance.connect()
    // Days and months begin in UTC, whatever the machine's zone: date_trunc asks the session.
    await connection.run("SET TimeZone = 'UTC'")
    const close = (): void => {
      connection.closeSync()
      leave(instance)
    }
    const keep = (): void => {
      shared.empty = false
    }
    return { connection, staged: shared.staged, keep, close }
  } catch (error) {
    leave(instance)
    throw error
  }
}

async function create(path: string, limits: WarehouseLimits): Promise<DuckDBInstance> {
  // Never while this process has it open: closing a file gives up the locks that DuckDB has on it.
  refuseOther(path)
  const { DuckDBInstance: Instance } = await import('@duckdb/node-api')
  return Instance.create(path, {
    memory_limit: `${Math.floor(Math.max(BYTES_MIN, limits.memoryBytes) / 1e6)}MB`,
    threads: String(limits.threads),
    temp_directory: limits.tempDirectory,
    // What is needed is built in; a run downloads nothing.
    autoinstall_known_extensions: 'false',
  })
}

/** The file that a path leads to, links followed as far as it exists. */
function identity(path: string): string {
  const full = resolve(path)
  try {
    return realpathSync(full)
  } catch {
    const folder = dirname(full)
    return folder === full ? full : join(identity(folder), basename(full))
  }
}
