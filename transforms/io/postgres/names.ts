/**
 * Names and values in SQL text. Whatever a name holds, it is one identifier; whatever a value holds, it
 * is one literal: COPY takes no parameters, so values that it compares with are quoted here, and only here.
 */
import { createHash } from 'node:crypto'
import { Fault } from '../../../engine/fault.ts'

/** Postgres cuts longer names, silently. */
const NAME_BYTES_MAX = 63

/** Throws pipeline: Postgres has no such name. */
export function ident(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > NAME_BYTES_MAX)
    throw new Fault('pipeline', `${JSON.stringify(name)} is no name that postgres can have`, {
      hint: `names have 1 to ${NAME_BYTES_MAX} bytes, none of them zero`,
    })
  return `"${name.replaceAll('"', '""')}"`
}
export const idents = (names: readonly string[], before = ''): string =>
  names.map(n => before + ident(n)).join(', ')

/** A text literal that means the same whatever `standard_conforming_strings` says. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

/** A table's name in its parts: `schema.orders`, `orders`, `"my.schema"."Orders"`. */
export interface TableName {
  /** Null: the first of the search path that has it. */
  readonly schema: string | null
  readonly name: string
}

const PART = /(?:"((?:[^"]|"")+)"|([^".]+))(\.|$)/y

/** Names are taken as they are written, never folded to lower case. Throws pipeline. */
export function tableName(text: string): TableName {
  const parts: string[] = []
  let last = '.'
  for (PART.lastIndex = 0; last === '.'; ) {
    const found = PART.exec(text)
    if (found === null) break
    parts.push(found[1]?.replaceAll('""', '"') ?? (found[2] as string))
    last = found[3] as string
  }
  const [first = '', second] = parts
  if (last !== '' || parts.length > 2)
    throw new Fault('pipeline', `table ${JSON.stringify(text)} is no name`, {
      hint: 'write schema.table; a part with a dot in it is written "in.quotes"',
    })
  return second === undefined ? { schema: null, name: first } : { schema: first, name: second }
}

export const quoted = ({ schema, name }: TableName): string =>
  schema === null ? ident(name) : `${ident(schema)}.${ident(name)}`

const HEAD_BYTES = 24
const HASH_DIGITS = 12

const hashOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS)

/** What the names of a table's staging tables begin with: what people may recognise of it, and a hash. */
export function prefixOf(table: string): string {
  let head = table.replaceAll('"', '').replace(/[^\p{L}\p{N}_.]+/gu, '_')
  while (Buffer.byteLength(head) > HEAD_BYTES) head = [...head].slice(0, -1).join('')
  return `${head}-${hashOf(table)}-`
}

export const STAGING = 'millrace_staging'
const ID_DIGITS = 16

/** `table` is the table's whole name, schema and all. */
export const stagingName = (table: string, id: string): string =>
  prefixOf(table) + id.slice(0, ID_DIGITS)
/** Keys whose rows a merge by them deleted; forgotten with the table. */
export const deletedName = (table: string, key: readonly string[]): string =>
  `${prefixOf(table)}deleted-${hashOf(JSON.stringify(key))}`
export const inStaging = (name: string): string => `${STAGING}.${ident(name)}`
