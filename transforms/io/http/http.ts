/** `http`: a JSON service as a source. */
import type { Fields, Schema } from '../../../engine/data/schema.ts'
import type { Source } from '../../../engine/io/source.ts'
import type { HttpSource } from './options.ts'
import { HttpPages } from './source.ts'

/**
 * Reads the rows of a JSON service, page by page.
 *
 * Shape   pages → PCollection<F>; objects that do not fit the schema go to `.rejects`, with their
 *         page's address and their number in it
 * Nulls   a missing key is null
 * Cost    one request a page, and one more to plan; the next pages are fetched while rows are decoded;
 *         counted pages (`total`, `pages`) are read as parallel splits
 * Throws  pipeline: options, a secret in the plan; data: a page is no JSON, too large, or paging goes
 *         in circles; resource: the service refuses, or does not answer until the deadline
 * Source  RFC 9110 (Retry-After), RFC 8288 (Link)
 * @example
 * p.read(http('https://api.example.com/orders', Order, {
 *   rows: 'data.items',
 *   paging: { style: 'cursor', path: 'data.next', param: 'after' },
 *   headers: { authorization: { env: 'API_TOKEN', prefix: 'Bearer ' } },
 *   requestsPerSecond: 5,
 * }))
 */
export const http = <F extends Fields>(
  uri: string,
  schema: Schema<F>,
  options: HttpSource<F> = {},
): Source<F> => new HttpPages(uri, schema, options)
