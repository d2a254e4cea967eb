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
const WHOLE = new RegExp(
  `^bigquery://(?:(?<project>${PROJECT})?\\.)?(?<dataset>\\w{1,1024})(?:\\.(?<table>[^.]+))?/?$`,
)

/** Throws pipeline: it is no such URI. */
export function datasetOf(uri: string): DatasetUri {
  const { project = '', dataset, table = null } = WHOLE.exec(uri)?.groups ?? {}
  if (dataset !== undefined) return { project, dataset, table }
  throw new Fault('pipeline', `${redactUri(uri)} names no data set`, {
    hint: 'write bigquery://PROJECT.DATASET, or bigquery://.DATASET for the project of the credentials',
  })
}
