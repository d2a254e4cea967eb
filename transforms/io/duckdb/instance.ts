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
  /** Opened to be read, beside other processes that read it; `left`: by its last user. */
  readonly readOnly: boolean
  readonly left: PromiseWithResolvers<void>
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

/**
 * A connection of its own to the file's one instance, whose limits are those of its first user. Who only
 * reads joins whatever is open; who writes waits until those that only read have left.
 */
export async function connect(
  path: string,
  limits: WarehouseLimits,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): Promise<Connected> {
  const key = identity(path)
  if (!readOnly)
    for (let it = open.get(key); it?.readOnly; it = open.get(key)) await it.left.promise
  const shared: Shared = open.get(key) ?? {
    empty: !readOnly && !existsSync(path),
    instance: create(path, limits, readOnly),
    staged: new Set(),
    users: 0,
    readOnly,
    left: Promise.withResolvers<void>(),
  }
  open.set(key, shared)
  shared.users++
  const leave = (instance?: DuckDBInstance): void => {
    if (--shared.users > 0) return
    open.delete(key)
    instance?.closeSync()
    if (shared.empty) for (const end of ['', '.wal']) rmSync(path + end, { force: true })
    shared.left.resolve()
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

async function create(
  path: string,
  limits: WarehouseLimits,
  readOnly: boolean,
): Promise<DuckDBInstance> {
  // Never while this process has it open: closing a file gives up the locks that DuckDB has on it.
  refuseOther(path)
  const { DuckDBInstance: Instance } = await import('@duckdb/node-api')
  return Instance.create(path, {
    memory_limit: `${Math.floor(Math.max(BYTES_MIN, limits.memoryBytes) / 1e6)}MB`,
    threads: String(limits.threads),
    temp_directory: limits.tempDirectory,
    access_mode: readOnly ? 'READ_ONLY' : 'READ_WRITE',
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
