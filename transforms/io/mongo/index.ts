/** `mongo`: a MongoDB collection as a source. */
import type { Fields, Schema } from '../../../engine/data/schema.ts'
import type { Source } from '../../../engine/io/source.ts'
import type { MongoSource } from './options.ts'
import { MongoCollection } from './source.ts'

/**
 * Reads a MongoDB collection: `mongodb://host/database/collection` or `mongodb+srv://…`. Credentials
 * come from the URI or from the driver's own chain; they are in no plan, log or error.
 *
 * Shape   documents → PCollection<F>, in the order of `_id` within a split; a document that does not
 *         fit the schema goes to `.rejects`, with its `_id` and the path that failed; fields that are
 *         no column are not read
 * Nulls   a missing field, null and undefined are null where the column may be, else rejected
 * Time    Date and Timestamp are instants; of a `date` column only midnights UTC fit
 * Cost    ranges of documents are read in parallel; BSON becomes columns without objects between
 * Throws  pipeline: URI, options; data: no such collection, a view; resource: it cannot be reached or read
 * @example
 * p.read(mongo('mongodb://shop/store/orders', Order, { incremental: { by: 'updatedAt', overlap: '10min' } }))
 */
export function mongo<F extends Fields>(
  uri: string,
  schema: Schema<F>,
  options: MongoSource<F> = {},
): Source<F> {
  return new MongoCollection(uri, schema, options)
}
