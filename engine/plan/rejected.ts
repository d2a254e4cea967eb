/** What a rejected row becomes: the schema of every dead letter. */
import { schema, t } from '../data/schema.ts'

export const REJECTED = schema({
  /** Name of the step that refused it. */
  step: t.utf8,
  /** Expected and got, or the reason that the step was given. */
  reason: t.utf8,
  column: t.utf8.nullable,
  /** The file or object that the row came from. */
  source: t.utf8.nullable,
  /** From 1, in the decompressed source. */
  line: t.int64.nullable,
  /** In bytes from 0, in the decompressed source. */
  offset: t.int64.nullable,
  /** The row's text as it was read, or its columns as JSON. */
  raw: t.utf8,
})
