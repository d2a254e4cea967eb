/** `bigquery://project.dataset`: where tables stand. Without a project, it is the one of the credentials. */
import { Fault, redactUri } from '../../../engine/fault.ts'

export interface DatasetUri {
  /** Empty: the credentials' own. */
  readonly project: string
  readonly dataset: string
  /** Where one was named after the data set. */
  readonly table: string | null
}

/** A project may have a domain before it: `example.com:shop`. */
const PROJECT = '(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]*'
const TABLE = '(?:\\.(?<table>[^.]+))?'
const WHOLE = new RegExp(
  `^bigquery://(?:(?<project>${PROJECT})?\\.(?<dataset>\\w{1,1024})${TABLE}|(?<alone>\\w{1,1024}))/?$`,
)

/** Throws pipeline: it is no such URI. */
export function datasetOf(uri: string): DatasetUri {
  const { project = '', dataset, alone, table = null } = WHOLE.exec(uri)?.groups ?? {}
  const named = dataset ?? alone
  if (named !== undefined) return { project, dataset: named, table }
  throw new Fault('pipeline', `${redactUri(uri)} names no data set`, {
    hint: 'write bigquery://PROJECT.DATASET, or bigquery://.DATASET for the project of the credentials',
  })
}
