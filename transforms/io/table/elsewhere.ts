/**
 * Tables that are in no warehouse: a MongoDB collection, or a folder of JSON lines by the table's name.
 * So a pipeline that reads tables runs on a database and on its export alike, by its URI alone.
 */
import type { Fields, Schema } from '../../../engine/data/schema.ts'
import { Fault, redactUri } from '../../../engine/fault.ts'
import type { Source } from '../../../engine/io/source.ts'
import { mongo } from '../mongo/index.ts'
import { ndjson } from '../ndjson/ndjson.ts'
import type { TableSourceOptions } from './source.ts'

const MONGO = /^mongodb(?:\+srv)?:\/\//
const FILES = /^(?:file:|gs:\/\/|s3:\/\/|(?![a-z][a-z0-9+.-]+:))/i

/** Null where the URI is a warehouse's, or nothing's. Throws pipeline: an option that only warehouses have. */
export function elsewhere<F extends Fields>(
  uri: string,
  name: string,
  schema: Schema<F>,
  o: TableSourceOptions<F>,
): Source<F> | null {
  const isMongo = MONGO.test(uri)
  if (!isMongo && !FILES.test(uri)) return null
  for (const option of ['where', 'staging', 'location', ...(isMongo ? [] : ['splitBy'])])
    if (Object.hasOwn(o, option))
      throw new Fault(
        'pipeline',
        `table ${name}: option ${option} is for warehouses, not ${redactUri(uri)}`,
        {
          ...(option === 'where' ? { hint: 'write .where({ … }) after p.read(…)' } : {}),
        },
      )
  const { incremental, splitBy } = o
  if (isMongo)
    return mongo(uri, schema, {
      collection: name,
      ...(incremental && { incremental: incremental as never }),
      ...(splitBy !== undefined && { splitBy }),
    })
  const { overlap } = incremental ?? {}
  const since = { incremental: overlap === undefined ? {} : { overlap } }
  return ndjson(`${uri.replace(/\/+$/, '')}/${name}`, schema, incremental ? since : {})
}
