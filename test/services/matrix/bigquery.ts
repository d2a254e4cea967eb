/** Cases of BigQuery: tables are loaded, and read back. */
import assert from 'node:assert/strict'
import { bigqueryOf, storageOf } from '../talk.ts'
import {
  type At,
  bucketIn,
  hashOf,
  lines,
  LOAD,
  localFiles,
  type MatrixCase,
  out,
  PART,
  put,
  READ,
} from './case.ts'
import { orders, TABLES } from './rows.ts'

export const bigqueryLoad: MatrixCase = {
  name: 'bigquery: tables are loaded',
  servers: ['bigquery', 'gcs'],
  prepare: ({ servers }) => bucketIn(servers.gcs!, 'matrix-staging'),
  async words(at, _, name) {
    await bigqueryOf(at.servers.bigquery!).createDataset(`load_${name}`)
    const place = ['--warehouse', `bigquery://test.load_${name}`]
    return ['run', LOAD, '--input', lines(at), ...place]
  },
  env: name => ({ MILLRACE_STAGING: `gs://matrix-staging/${name}` }),
  async answer({ servers }, name) {
    const bigquery = bigqueryOf(servers.bigquery!)
    const [there] = await bigquery.dataset(`load_${name}`).getTables()
    const parts = [
      there
        .map(table => table.id)
        .sort()
        .join(),
    ]
    for (const table of TABLES) {
      const [rows] = await bigquery.query(`select * from load_${name}.${table}`)
      parts.push(`${rows.length} ${hashOf(rows.map(row => JSON.stringify(row)).sort())}`)
    }
    return parts.join('\n')
  },
  // `millrace_loads` says which loads are in.
  made: name => thing =>
    [...TABLES, 'millrace_loads'].some(table => thing === `load_${name}.${table}`),
}

const DATASET = 'read_back'
const ROWS = 45_000
const FIELDS = [
  { name: 'id', type: 'INT64', mode: 'REQUIRED' },
  { name: 'day', type: 'DATE', mode: 'REQUIRED' },
  { name: 'customer', type: 'STRING', mode: 'REQUIRED' },
  { name: 'amount', type: 'NUMERIC', precision: '12', scale: '2', mode: 'REQUIRED' },
  { name: 'note', type: 'STRING' },
]

/** Three pages of rows, loaded by the service's own client. */
async function fill({ servers }: At): Promise<void> {
  await bucketIn(servers.gcs!, 'matrix-read-back')
  const rows = orders(0, ROWS).map(row => JSON.stringify(row))
  await put(servers.gcs!, 'matrix-read-back', 'rows.ndjson', rows.join('\n'))
  const [dataset] = await bigqueryOf(servers.bigquery!).createDataset(DATASET)
  const [table] = await dataset.createTable('orders', { schema: { fields: FIELDS } })
  const object = storageOf(servers.gcs!).bucket('matrix-read-back').file('rows.ndjson')
  const [job] = await table.load(object, { sourceFormat: 'NEWLINE_DELIMITED_JSON' })
  assert.equal(job.status?.errorResult, undefined)
}

type Faults = NonNullable<MatrixCase['faults']>

function readsBack(what: string, words: readonly string[], faults: Faults): MatrixCase {
  return {
    name: `bigquery: ${what}`,
    servers: ['bigquery', 'gcs'],
    prepare: fill,
    words: async (at, _, name) => [
      ...['run', ...words, '--kind', 'table', '--input', `bigquery://test.${DATASET}`],
      ...['--output', out(at, name)],
    ],
    answer: localFiles,
    faults,
  }
}

/** Its rows alone are in trouble, */
export const bigqueryRead = readsBack('a table is read back', [READ], {
  rate: 0.8,
  where: what => what.includes('startIndex='),
})
/** … here all requests. */
export const bigqueryPart = readsBack('some rows of a table are read back', [PART], {
  rate: 0.4,
})
