/** Column values that stand in a file's path, as Hive writes them: `…/month=2011-01-01/part-00000.parquet`. */
import { sep } from 'node:path'
import { type Column, newColumn } from '../../../engine/data/column.ts'
import type { Field } from '../../../engine/data/schema.ts'
import { Fault } from '../../../engine/fault.ts'
import { DECODE } from './decode/index.ts'
import { type Bytes, type Fields, NULL } from './fields.ts'

const NULL_NAME = '__HIVE_DEFAULT_PARTITION__'
/** Decoders may look at so many bytes behind a field. */
const BEHIND = Buffer.from('\n\0\0\0\0')

/** Names and texts of the path's `name=value` folders, the outermost first; null for Hive's null. */
export function folderValues(path: string): Map<string, string | null> {
  const found = new Map<string, string | null>()
  for (const part of path.split(sep).slice(0, -1)) {
    const at = part.indexOf('=')
    if (at <= 0) continue
    const value = part.slice(at + 1)
    found.set(unescaped(part.slice(0, at)), value === NULL_NAME ? null : unescaped(value))
  }
  return found
}

/** `%XX` back to bytes, those of one character together. */
const unescaped = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, run =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  )

/** A column of one row that has the text's value. Throws data: the text is no value of the column's. */
export function folderColumn({ name, kind }: Field, text: string | null, path: string): Column {
  const column = newColumn(kind, 1)
  const refuse = (why = ''): never => {
    const got = text === null ? 'null' : JSON.stringify(text)
    throw new Fault(
      'data',
      `${path}: folder of column ${JSON.stringify(name)}: expected ${kind.name}, got ${got}${why}`,
      { hint: text === null ? 'make the column nullable' : 'give the column another kind' },
    )
  }
  if (text === null) return kind.optional ? column : refuse()
  if (kind.values !== null && !kind.values.includes(text)) refuse()
  if (kind.tag === 'utf8') {
    column.values[0] = column.pool?.internString(text) ?? 0
    column.valid?.fill(1)
    return column
  }
  const raw = Buffer.from(text)
  const fields: Fields = {
    bytes: Buffer.concat([raw, BEHIND]) as unknown as Bytes,
    view: new DataView(new ArrayBuffer(0)),
    at: Int32Array.of(0, raw.length === 0 && kind.optional ? NULL : raw.length),
    stride: 1,
    rows: 1,
    json: false,
    refuse: (_, why) => refuse(why === '' ? '' : ` (${why})`),
    unescape: () => 0,
    plain: Buffer.alloc(0) as unknown as Bytes,
  }
  DECODE[kind.tag as keyof typeof DECODE](fields, 0, column, { parse: null, toUtc: null }, null)
  return column
}
