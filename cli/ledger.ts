/**
 * Where the run ledger is: `--ledger`, else MILLRACE_LEDGER, else the folder `.millrace` of the working
 * directory. A bucket's client is loaded only where it is one.
 */
import { resolve } from 'node:path'
import { redactUri } from '../engine/fault.ts'
import type { KeyValues } from '../engine/io/ledger.ts'
import { LedgerFolder } from '../engine/run/ledger/folder.ts'
import { UsageError } from './arguments.ts'

const FOLDER = '.millrace'

/** Throws UsageError: there is no such kind of place. */
export async function openLedger(given: string | undefined): Promise<KeyValues | 'none'> {
  const place = given ?? process.env['MILLRACE_LEDGER'] ?? FOLDER
  if (place === 'none') return 'none'
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(place)?.[1]?.toLowerCase()
  if (scheme === undefined && place !== '') return new LedgerFolder(resolve(place))
  if (scheme === 'gs' || scheme === 's3')
    return (await import('../transforms/io/objects/ledger.ts')).ledgerIn(place)
  throw new UsageError(
    `the run ledger cannot be kept in ${JSON.stringify(redactUri(place))}: give a folder, gs://bucket/folder or s3://bucket/folder`,
  )
}

/** As `run` takes it, beside its own options. */
export async function needLedger(given: string | undefined): Promise<KeyValues> {
  const ledger = await openLedger(given)
  if (ledger === 'none') throw new UsageError('there is no ledger to read: it is none')
  return ledger
}
