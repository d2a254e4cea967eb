/**
 * What `millrace check URI` is told by a connector: each thing that was tried against the resource, and
 * each that is missing, with what the service answered and what to do. A check reads and writes as a
 * run would, and leaves nothing behind.
 */

/** Something that a run would need and does not have. */
export interface Missing {
  /** Without secrets, as `write objects under gs://bucket/out/`. */
  readonly what: string
  /** What the service answered, in its own words. */
  readonly answered: string
  /** What to do: the role to grant, the command to run. */
  readonly hint: string
}

export interface CheckReport {
  /** The service as people call it: `Google Cloud Storage`. */
  readonly system: string
  /** What was checked, safe to show. */
  readonly resource: string
  /** What works, each as `list objects`. */
  readonly passed: readonly string[]
  /** Empty where all works. */
  readonly missing: readonly Missing[]
}

/**
 * Checks one resource by its URI.
 *
 * Throws  pipeline: the URI is not one of this system; resource: where not even a report can be made
 */
export type Check = (uri: string, signal?: AbortSignal) => Promise<CheckReport>
