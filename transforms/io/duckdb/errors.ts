/** DuckDB's errors as faults. Their text begins with a class, `IO Error: …`, which decides the kind. */
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

export function openFault(error: unknown, path: string): Fault {
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
    hint: 'end that process, or write to another file',
  })
}
