/** The folder of an output that is no reader's business: what is sent and not shown, and the run's mark. */

export const HIDDEN = '_millrace/'

/** For an object that belongs to no output. */
export const hiddenBeside = (uri: string): string => uri.replace(/[^/]*$/, HIDDEN)

/** `gs://b/out/_millrace/run/` and `gs://b/out/month=1/part-0` give `gs://b/out/_millrace/run/month=1/part-0`. */
export const hiddenName = (uri: string, hidden: string): string =>
  hidden + uri.slice(hidden.lastIndexOf(HIDDEN))
