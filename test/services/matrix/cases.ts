/**
 * What the matrix runs: for each connector a run, what it must answer, and what it may leave on a server.
 * `name` stands for the run: `calm`, or a seed; each run writes to a place of its own.
 */
import { bigqueryLoad, bigqueryPart, bigqueryRead } from './bigquery.ts'
import { readsBooks } from './books.ts'
import type { MatrixCase } from './case.ts'
import { mongoRead, postgresLoad, postgresRead } from './databases.ts'
import { httpChain, httpPages } from './http.ts'
import { readsObjects, writesObjects } from './objects.ts'
import { readsParts } from './parts.ts'

export const CASES: readonly MatrixCase[] = [
  readsObjects('gcs'),
  readsObjects('s3'),
  writesObjects('gcs'),
  writesObjects('s3'),
  mongoRead,
  postgresRead,
  postgresLoad,
  bigqueryLoad,
  bigqueryRead,
  bigqueryPart,
  readsBooks('gcs'),
  readsBooks('s3'),
  readsParts('gcs'),
  readsParts('s3'),
  httpPages,
  httpChain,
]
