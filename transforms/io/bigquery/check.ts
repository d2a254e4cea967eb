/** `millrace check bigquery://…`: can a run load here, and what is missing. Leaves nothing behind. */
import { randomUUID } from 'node:crypto'
import { Fault } from '../../../engine/fault.ts'
import type { CheckReport, Missing } from '../../../engine/io/check.ts'
import { gcsClient } from '../objects/gcs-client.ts'
import { storeOf } from '../objects/store-of.ts'
import { failureOf, faultOf } from './failure.ts'
import { type Place, placeOf, uriOf } from './place.ts'
import { MODIFICATIONS_MAX, modificationsToday, nearLimit } from './quota.ts'
import { referenceOf } from './layout.ts'
import { asking, createTable, dropTable, openSession, type Session, tableInfo } from './session.ts'
import { datasetOf } from './uri.ts'
import type { TableLoad } from '../../../engine/io/warehouse.ts'

const TABLE_MS = 3600_000

/**
 * Tries what a run does: sees the data set, asks for a job, makes a table, writes to the bucket. Of a
 * URI that names a table it tells what is there.
 *
 * Throws  pipeline: the URI names no data set
 */
export async function checkBigQuery(uri: string): Promise<CheckReport> {
  const { table } = datasetOf(uri)
  const passed: string[] = []
  const missing: Missing[] = []
  const tried = async <T>(what: string, work: () => Promise<T>): Promise<T | null> => {
    try {
      const result = await work()
      passed.push(what)
      return result
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      const answered = [error.message, ...error.detail].join('\n')
      missing.push({ what, answered, hint: error.hint ?? 'look at what the service answered' })
      return null
    }
  }
  const place = await tried('a staging place', async () => placeOf(null))
  const session = await tried('see the data set', () => openSession(uri, null))
  if (session) {
    await tried('create jobs', () => dryRun(session))
    await tried('create and drop tables', () => makeTable(session))
    await tried('count the modifications of today', () => countModifications(session, passed))
  }
  if (session && table !== null)
    await tried(`ask for table ${table}`, () => seeTable(session, table, passed))
  if (place) await tried('write to the staging place', () => writeObject(place))
  if (place && session)
    await tried('bucket and data set in one location', () => sameLocation(place, session))
  return { system: 'BigQuery', resource: uri, passed, missing }
}

const dryRun = ({ api, dataset }: Session): Promise<void> =>
  asking(`jobs in project ${api.project}`, async () => {
    const location = dataset.location === null ? {} : { location: dataset.location }
    const json = {
      jobReference: {
        projectId: api.project,
        jobId: `millrace_check_${randomUUID()}`,
        ...location,
      },
      configuration: { dryRun: true, query: { query: 'SELECT 1', useLegacySql: false } },
    }
    await api.ask({ method: 'POST', path: '/jobs', json })
  })

async function makeTable(session: Session): Promise<void> {
  const table = `millrace_check_${randomUUID().replaceAll('-', '')}`
  const json = {
    tableReference: referenceOf(session.dataset, table),
    schema: { fields: [{ name: 'id', type: 'INT64' }] },
    expirationTime: String(Date.now() + TABLE_MS),
  }
  await createTable(session, json, { table, at: '' } as TableLoad)
  await dropTable(session, table)
}

/** One that is not there may be an output: it is told, and is nothing that is missing. */
async function seeTable(session: Session, table: string, passed: string[]): Promise<void> {
  const info = await tableInfo(session, table)
  const { schema, numRows = '0' } = info ?? {}
  const has = `${schema?.fields?.length ?? 0} columns, ${Number(numRows).toLocaleString('en-US')} rows`
  passed.push(`table ${table}: ${info === null ? 'not there yet, an output makes it' : has}`)
}

const SHOWN = 5
const LIMIT = MODIFICATIONS_MAX.toLocaleString('en-US')

/** Throws resource: a table is near its limit. */
async function countModifications({ api, dataset }: Session, passed: string[]): Promise<void> {
  const { counts, complete } = await modificationsToday(api, dataset)
  // Of staging tables each takes but its own load's.
  const targets = [...counts].filter(([table]) => !table.startsWith('millrace_'))
  const most = targets.sort(([, a], [, b]) => b - a).slice(0, SHOWN)
  const near = most.find(([, n]) => nearLimit(n))
  if (near)
    throw new Fault(
      'resource',
      `table ${near[0]}: ${near[1].toLocaleString('en-US')} of ${LIMIT} modifications today`,
      {
        hint: 'load less often: more rows a load',
      },
    )
  const text = most.map(([table, n]) => `${table} ${n}`).join(', ') || 'none'
  const more = complete ? '' : ' (of the newest 50,000 jobs)'
  passed.push(`modifications today, of ${LIMIT} a table${more}: ${text}`)
}

async function writeObject(place: Place): Promise<void> {
  const uri = uriOf(place, 'millrace', `check-${randomUUID()}`)
  const store = await storeOf(uri)
  await store.put(uri, new Uint8Array(), null)
  await store.remove(uri)
}

/** Throws pipeline: they differ. Multi-regions hold their regions: the service itself tells those apart. */
async function sameLocation(place: Place, { dataset }: Session): Promise<void> {
  const bucket = (await gcsClient()).bucket(place.bucket)
  const [{ location = '' }] = await bucket.getMetadata().catch(error => {
    const hint = 'grant roles/storage.legacyBucketReader to compare their locations here'
    throw faultOf(failureOf(error), `gs://${place.bucket}`, { hint })
  })
  const [own, its] = [String(location).toUpperCase(), (dataset.location ?? '').toUpperCase()]
  const within =
    own === its ||
    its === 'US' ||
    own.startsWith(`${its}-`) ||
    (its === 'EU' && /^EUROPE-/.test(own))
  if (within || own === '' || its === '') return
  throw new Fault('pipeline', `gs://${place.bucket} lies in ${own}, the data set in ${its}`, {
    hint: `use a bucket in ${its}`,
  })
}
