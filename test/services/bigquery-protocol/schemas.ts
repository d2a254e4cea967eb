/**
 * A load's schema beside its table's: what the service refuses ("Provided Schema does not match Table"),
 * and which fields it adds where ALLOW_FIELD_ADDITION is given.
 */
import { type Field, Refused, shownTable, type TableReference } from './upstream.ts'

/** Two names of one type. */
const SAME: Readonly<Record<string, string>> = {
  INT64: 'INTEGER',
  FLOAT64: 'FLOAT',
  BOOL: 'BOOLEAN',
  STRUCT: 'RECORD',
}
const typeOf = ({ type }: Field): string => SAME[type.toUpperCase()] ?? type.toUpperCase()
const modeOf = ({ mode = 'NULLABLE' }: Field): string => mode

/**
 * Fields of `given` that the table does not have. Throws Refused: a field has another type or mode, or
 * is new and `mayAdd` is false.
 */
export function added(
  of: TableReference,
  table: readonly Field[],
  given: readonly Field[],
  mayAdd: boolean,
): Field[] {
  const fresh: Field[] = []
  for (const field of given) {
    const there = table.find(other => other.name.toLowerCase() === field.name.toLowerCase())
    if (there) same(of, there, field, field.name)
    else if (mayAdd && modeOf(field) !== 'REQUIRED') fresh.push(field)
    else throw mismatch(of, `Cannot add fields (field: ${field.name})`)
  }
  return fresh
}

function same(of: TableReference, there: Field, given: Field, path: string): void {
  if (typeOf(there) !== typeOf(given))
    throw mismatch(of, `Field ${path} has changed type from ${typeOf(there)} to ${typeOf(given)}`)
  const [from, to] = [modeOf(there), modeOf(given)]
  // A nullable column takes what is required; not the other way round.
  if (from !== to && !(from === 'NULLABLE' && to === 'REQUIRED'))
    throw mismatch(of, `Field ${path} has changed mode from ${from} to ${to}`)
  for (const field of given.fields ?? []) {
    const inner = there.fields?.find(other => other.name.toLowerCase() === field.name.toLowerCase())
    if (!inner) throw mismatch(of, `Cannot add fields (field: ${path}.${field.name})`)
    same(of, inner, field, `${path}.${field.name}`)
  }
}

const mismatch = (of: TableReference, why: string): Refused =>
  new Refused('invalid', `Provided Schema does not match Table ${shownTable(of)}. ${why}`)

/** A field's type as `ALTER TABLE ADD COLUMN` writes it. */
export function sqlType(field: Field): string {
  const inner = typeOf(field)
  const fields = field.fields?.map(part => `\`${part.name}\` ${sqlType(part)}`).join(', ')
  const names: Readonly<Record<string, string>> = {
    INTEGER: 'INT64',
    FLOAT: 'FLOAT64',
    BOOLEAN: 'BOOL',
    // The emulator's plain NUMERIC has three digits after the point.
    NUMERIC: 'NUMERIC(38, 9)',
    RECORD: `STRUCT<${fields}>`,
  }
  const type = names[inner] ?? inner
  return field.mode === 'REPEATED' ? `ARRAY<${type}>` : type
}
