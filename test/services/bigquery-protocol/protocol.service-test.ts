/** The protocol proxy answers as BigQuery's reference says, where the emulator alone does not. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { needs, serverOf } from '../services.ts'
import { storageOf } from '../talk.ts'
import { faultProxy } from '../fault-proxy/proxy.ts'
import type { JobFault } from './faults.ts'
import { bigqueryProtocol, type ProtocolOptions } from './proxy.ts'

const SCHEMA = [
  { name: 'id', type: 'INTEGER', mode: 'REQUIRED' },
  { name: 'day', type: 'DATE' },
]
const APPEND = 'WRITE_APPEND'
const TRUNCATE = 'WRITE_TRUNCATE'
let names = 0

// biome-ignore lint/suspicious/noExplicitAny: answers as they come
type Json = Record<string, any>
interface Case {
  readonly proxy: Awaited<ReturnType<typeof bigqueryProtocol>>
  readonly dataset: string
  readonly ask: (
    method: string,
    path: string,
    body?: object,
  ) => Promise<{ status: number; json: Json }>
  readonly rows: (query: string) => Promise<unknown[]>
  /** Puts rows as an object; its URI. */
  readonly put: (rows: readonly object[]) => Promise<string>
  readonly insert: (id: string, load: object) => Promise<{ status: number; json: Json }>
  /** Polls until it is done: the states seen, and the job. */
  readonly done: (id: string) => Promise<{ states: string[]; job: Json }>
}

async function protocol(t: TestContext, options: ProtocolOptions = {}): Promise<Case> {
  const [gcs, bigquery] = await Promise.all([serverOf('gcs'), serverOf('bigquery')])
  const proxy = await bigqueryProtocol(bigquery, options)
  t.after(() => proxy.stop())
  const dataset = `protocol_${names++}`
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${proxy.uri}/bigquery/v2/projects/test${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
      headers: { 'content-type': 'application/json' },
    })
    return { status: response.status, json: (await response.json()) as Json }
  }
  await ask('POST', '/datasets', { datasetReference: { projectId: 'test', datasetId: dataset } })
  const tableReference = { projectId: 'test', datasetId: dataset, tableId: 't' }
  const layout = { timePartitioning: { type: 'DAY', field: 'day' }, schema: { fields: SCHEMA } }
  await ask('POST', `/datasets/${dataset}/tables`, { tableReference, ...layout })
  const [bucket] = await storageOf(gcs).createBucket(dataset.replace('_', '-'))
  const put = async (rows: readonly object[]) => {
    const file = bucket.file(`${names++}.ndjson`)
    const text = rows.map(row => JSON.stringify(row)).join('\n')
    await file.save(text, { resumable: false })
    return `gs://${bucket.name}/${file.name}`
  }
  const insert = (jobId: string, { tableId = 't', ...load }: Json) => {
    const to = { destinationTable: { ...tableReference, tableId } }
    const all = { sourceFormat: 'NEWLINE_DELIMITED_JSON', writeDisposition: APPEND, ...to, ...load }
    return ask('POST', '/jobs', { jobReference: { jobId }, configuration: { load: all } })
  }
  const done = async (id: string) => {
    const states: string[] = []
    for (let i = 0; i < 500; i++) {
      const { json: job } = await ask('GET', `/jobs/${id}`)
      states.push(job['status'].state)
      if (states.at(-1) === 'DONE') return { states: [...new Set(states)], job }
      await sleep(10)
    }
    throw new Error(`${id} is never done: ${states.at(-1)}`)
  }
  const rows = async (query: string) => {
    const { json } = await ask('POST', '/queries', { query, useLegacySql: false })
    return (json['rows'] ?? []).map((row: Json) => row['f'].map((cell: Json) => cell['v']))
  }
  return { proxy, dataset, ask, rows, put, insert, done }
}

const days = [
  { id: 1, day: '2026-01-01' },
  { id: 2, day: '2026-01-02' },
]
const ids = ({ dataset, rows }: Case) => rows(`select id from ${dataset}.t order by id`)

test('a load is PENDING, RUNNING, DONE, and outputRows are its own', async t => {
  if (!needs(t, 'bigquery')) return
  const at = await protocol(t)
  for (const [id, rows] of [
    ['a', days],
    ['b', [{ id: 3, day: null }]],
  ] as const) {
    const told = await at.insert(id, { sourceUris: [await at.put(rows)] })
    assert.equal(told.json['status'].state, 'PENDING')
    const { states, job } = await at.done(id)
    assert.deepEqual(states, ['PENDING', 'RUNNING', 'DONE'])
    assert.equal(job['statistics'].load.outputRows, `${rows.length}`)
    assert.equal(job['status'].errorResult, undefined)
    assert.equal(job['id'], `test:US.${id}`)
  }
  assert.deepEqual(await ids(at), [['1'], ['2'], ['3']])
  assert.equal((await at.ask('GET', `/datasets/${at.dataset}/tables/t`)).json['numRows'], '3')
  assert.equal(at.proxy.jobs.length, 2)
})

test('a reused job id is refused by 409, and nothing is loaded twice', async t => {
  if (!needs(t, 'bigquery')) return
  const at = await protocol(t)
  const load = { sourceUris: [await at.put(days)] }
  const both = await Promise.all([at.insert('same', load), at.insert('same', load)])
  assert.deepEqual(both.map(told => told.status).sort(), [200, 409])
  await at.done('same')
  const { status, json } = await at.insert('same', load)
  assert.equal(status, 409)
  assert.deepEqual(json['error'].errors, [
    { message: 'Already Exists: Job test:US.same', domain: 'global', reason: 'duplicate' },
  ])
  assert.deepEqual(await ids(at), [['1'], ['2']])
})

test('a failed load changes nothing, is DONE with an errorResult, and its id is spent', async t => {
  if (!needs(t, 'bigquery')) return
  const at = await protocol(t)
  await at.insert('good', { sourceUris: [await at.put(days)] })
  await at.done('good')
  const broken = [await at.put([{ id: 3, day: null }]), await at.put([{ id: 'x', day: null }])]
  await at.insert('bad', { sourceUris: broken, writeDisposition: TRUNCATE })
  const { job } = await at.done('bad')
  assert.equal(job['status'].errorResult.reason, 'invalid')
  assert.equal(job['status'].errorResult.location, broken[1])
  await at.insert('none', { sourceUris: ['gs://nowhere/none.ndjson'] })
  const none = (await at.done('none')).job['status'].errorResult
  assert.deepEqual(none, {
    reason: 'notFound',
    message: 'Not found: URI gs://nowhere/none.ndjson',
  })
  assert.equal((await at.insert('bad', { sourceUris: [] })).status, 409)
  assert.deepEqual(await ids(at), [['1'], ['2']])
})

test('a load into $YYYYMMDD replaces that partition alone, and takes no row of another', async t => {
  if (!needs(t, 'bigquery')) return
  const at = await protocol(t)
  await at.insert('all', { sourceUris: [await at.put(days)] })
  await at.done('all')
  const tableId = 't$20260102'
  const one = { tableId, writeDisposition: TRUNCATE }
  const sourceUris = [await at.put([{ id: 7, day: '2026-01-02' }])]
  await at.insert('one', { ...one, sourceUris })
  assert.equal((await at.done('one')).job['statistics'].load.outputRows, '1')
  assert.deepEqual(await ids(at), [['1'], ['7']])
  await at.insert('other', { ...one, sourceUris: [await at.put(days)] })
  assert.match((await at.done('other')).job['status'].errorResult.message, /different partitions/)
  assert.deepEqual(await ids(at), [['1'], ['7']])
  await at.insert('wrong', { ...one, tableId: 't$202601', sourceUris })
  assert.match((await at.done('wrong')).job['status'].errorResult.message, /partition decorator/)
})

test('a copy job replaces a table, or a partition', async t => {
  if (!needs(t, 'bigquery')) return
  const at = await protocol(t)
  const reference = (tableId: string) => ({ projectId: 'test', datasetId: at.dataset, tableId })
  const copy = async (jobId: string, from: string, to: string) => {
    const tables = { sourceTable: reference(from), destinationTable: reference(to) }
    const configuration = { copy: { ...tables, writeDisposition: TRUNCATE } }
    await at.ask('POST', '/jobs', { jobReference: { jobId }, configuration })
    return (await at.done(jobId)).job['status'].errorResult
  }
  await at.insert('all', { sourceUris: [await at.put(days)] })
  await at.insert('new', {
    sourceUris: [await at.put([{ id: 9, day: '2026-01-02' }])],
    tableId: 'n',
  })
  await at.done('all')
  await at.done('new')
  assert.equal(await copy('part', 'n', 't$20260102'), undefined)
  assert.deepEqual(await ids(at), [['1'], ['9']])
  assert.equal(await copy('whole', 'n', 't'), undefined)
  assert.deepEqual(await ids(at), [['9']])
  assert.equal((await copy('none', 'nope', 't')).reason, 'notFound')
})

test('another schema is refused; ALLOW_FIELD_ADDITION adds a column', async t => {
  if (!needs(t, 'bigquery')) return
  const at = await protocol(t)
  const sourceUris = [await at.put([{ id: 1, day: null, text: 'x' }])]
  const wider = { sourceUris, schema: { fields: [...SCHEMA, { name: 'text', type: 'STRING' }] } }
  const why = async (id: string, load: object) => {
    await at.insert(id, load)
    return (await at.done(id)).job['status'].errorResult?.message
  }
  assert.match(await why('no', wider), /Provided Schema does not match.*Cannot add fields.*text/)
  const texts = [{ name: 'id', type: 'STRING' }]
  assert.match(
    await why('type', { sourceUris, schema: { fields: texts } }),
    /from INTEGER to STRING/,
  )
  const mayAdd = { ...wider, schemaUpdateOptions: ['ALLOW_FIELD_ADDITION'] }
  assert.equal(await why('yes', mayAdd), undefined)
  assert.deepEqual(await at.rows(`select id, text from ${at.dataset}.t`), [['1', 'x']])
  const { json } = await at.ask('GET', `/datasets/${at.dataset}/tables/t`)
  assert.deepEqual(
    json['schema'].fields.map((field: Json) => field['name']),
    ['id', 'day', 'text'],
  )
})

test('a patched schema adds the column itself', async t => {
  if (!needs(t, 'bigquery')) return
  const at = await protocol(t)
  const fields = [...SCHEMA, { name: 'n', type: 'NUMERIC' }]
  const path = `/datasets/${at.dataset}/tables/t`
  assert.equal((await at.ask('PATCH', path, { schema: { fields } })).status, 200)
  await at.rows(`insert into ${at.dataset}.t (id, n) values (1, 2.5)`)
  assert.deepEqual(await at.rows(`select n from ${at.dataset}.t`), [['2.500000000']])
})

test('a query that fails is an HTTP error, as a query and as a job', async t => {
  if (!needs(t, 'bigquery')) return
  const at = await protocol(t)
  const query = { query: `select * from ${at.dataset}.nope`, useLegacySql: false }
  assert.equal((await at.ask('POST', '/queries', query)).status, 404)
  const made = { jobReference: { jobId: 'q' }, configuration: { query } }
  assert.equal((await at.ask('POST', '/jobs', made)).json['status'].state, 'PENDING')
  assert.equal((await at.ask('GET', '/queries/q')).status, 404)
  const good = { jobReference: { jobId: 'g' }, configuration: { query: { query: 'select 5' } } }
  await at.ask('POST', '/jobs', good)
  assert.deepEqual((await at.ask('GET', '/queries/g')).json['rows'], [{ f: [{ v: '5' }] }])
  const requestId = 'once'
  const insert = { query: `insert into ${at.dataset}.t (id) values (1)`, requestId }
  for (let i = 0; i < 2; i++) await at.ask('POST', '/queries', { ...insert, useLegacySql: false })
  assert.deepEqual(await ids(at), [['1']])
})

const MADE: readonly [JobFault, number | null, string | undefined][] = [
  ['rate-limit', 403, undefined],
  ['unavailable', 503, undefined],
  ['unavailable-yet-run', 503, 'ran'],
  ['insert-lost', null, 'ran'],
  ['failed', 200, 'backendError'],
  ['failed-rate-limit', 200, 'jobRateLimitExceeded'],
  ['quota', 403, undefined],
  ['failed-quota', 200, 'quotaExceeded'],
]
for (const [kind, status, became] of MADE)
  test(`${kind}: what jobs.insert says, and what becomes of the job`, async t => {
    if (!needs(t, 'bigquery')) return
    const at = await protocol(t, { seed: 1, rate: 1, faultsMax: 1, kinds: [kind] })
    const load = { sourceUris: [await at.put(days)] }
    const told = at.insert('j', load)
    if (status === null) await assert.rejects(told)
    else assert.equal((await told).status, status)
    if (became === undefined) {
      assert.equal((await at.ask('GET', '/jobs/j')).status, 404)
      assert.equal((await at.insert('j', load)).status, 200)
    } else assert.equal((await at.insert('j', load)).status, 409)
    const reason = (await at.done('j')).job['status'].errorResult?.reason
    assert.equal(reason, became === 'ran' ? undefined : became)
    assert.equal((await ids(at)).length, reason ? 0 : 2)
    assert.match(`${at.proxy.schedule}`, new RegExp(`${kind} .* of load ${at.dataset}.t`))
  })

test('behind the fault proxy: a job whose answer is lost has run', async t => {
  if (!needs(t, 'bigquery')) return
  const at = await protocol(t)
  const where = (what: string) => what.startsWith('POST') && what.endsWith('/jobs')
  const faults = { seed: 1, rate: 1, faultsMax: 1, kinds: ['answer-lost'] as const, where }
  const faulty = await faultProxy(at.proxy, faults)
  t.after(() => faulty.stop())
  const to = { projectId: 'test', datasetId: at.dataset, tableId: 't' }
  const load = { destinationTable: to, sourceUris: [await at.put(days)] }
  const sourceFormat = 'NEWLINE_DELIMITED_JSON'
  const body = { jobReference: { jobId: 'j' }, configuration: { load: { ...load, sourceFormat } } }
  const told = fetch(`${faulty.uri}/bigquery/v2/projects/test/jobs`, {
    method: 'POST',
    body: JSON.stringify(body),
  })
  await assert.rejects(told)
  await at.done('j')
  assert.deepEqual(await ids(at), [['1'], ['2']])
})
