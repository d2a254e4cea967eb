/** DuckDB's errors as faults. Their text begins with a class, `IO Error: …`, which decides the kind. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { Fault, type FaultKind } from '../../../engine/fault.ts'

const SQL_SHOWN = 400

/** Classes of error that a retry, more memory or more disk may mend; all others concern the data. */
const RESOURCE =
  /^(?:Out of Memory|IO|Permission|Transaction\w*|Connection|HTTP|INTERRUPT|FATAL|Fatal) Error/i

const kindOf = (message: string): FaultKind =>
  RESOURCE.test(message) ? 'resource' : /^internal error/i.test(message) ? 'engine' : 'data'

/** `subject` opens the message: a table, or the warehouse. */
export function statementFault(error: unknown, subject: string, o: { sql: string; at?: string }) {
  const message = (error as Error).message.split('\n')[0] as string
  const sql = o.sql.length > SQL_SHOWN ? `${o.sql.slice(0, SQL_SHOWN)}…` : o.sql
  const memory = /^Out of Memory/i.test(message)
  const full = /no space left|disk quota|file too large/i.test(message)
  return new Fault(kindOf(message), `${subject}: ${message}`, {
    detail: [`sql   ${sql}`],
    cause: error,
    ...(o.at ? { at: o.at } : {}),
    ...(memory ? { hint: 'give the run more memory; a quarter of it is for the warehouse' } : {}),
    ...(full ? { hint: 'free some space, or put the warehouse on another disk' } : {}),
  })
}

/** DuckDB's own header, from byte 8 on. */
const MAGIC = 'DUCK'

/** DuckDB takes a CSV or Parquet file for a view of it, and what is written there would be lost with it. */
export function refuseOther(
  path: string,
  hint = 'give the warehouse a file of its own; one that is not there is made',
): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return
  const head = Buffer.alloc(12)
  const file = openSync(path, 'r')
  try {
    const read = readSync(file, head)
    if (read === 0 || head.toString('latin1', 8, 12) === MAGIC) return
  } finally {
    closeSync(file)
  }
  throw new Fault('resource', `${path} is no DuckDB file`, { hint })
}

export function openFault(
  error: unknown,
  path: string,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): Fault {
  if (error instanceof Fault) return error
  const { message } = error as Error
  const pid = /PID (\d+)/.exec(message)?.[1]
  if (pid === undefined)
    return new Fault(
      'resource',
      `duckdb file ${path} cannot be opened: ${message.split('\n')[0]}`,
      {
        cause: error,
      },
    )
  return new Fault('resource', `duckdb file ${path} is held by another process (pid ${pid})`, {
    cause: error,
    hint: readOnly
      ? 'it may write to it: end that process, or read a copy of the file'
      : 'end that process, or write to another file',
  })
}
