/** Rows of a query as objects, in the forms that every warehouse gives. */
import type { CustomTypesConfig } from 'pg'
import type { Row, Session } from './session.ts'

type Parse = (text: string) => unknown
const utc: Parse = text => new Date(`${text.replace(' ', 'T').replace(/\+00$/, '')}Z`)

const PARSERS = new Map<number, Parse>([
  [16, text => text === 't'],
  [17, text => Buffer.from(text.slice(2), 'hex')],
  [20, BigInt],
  [21, Number],
  [23, Number],
  [26, Number],
  [114, text => JSON.parse(text) as unknown],
  [700, Number],
  [701, Number],
  [1082, text => new Date(`${text}T00:00:00Z`)],
  [1114, utc],
  [1184, utc],
  [1700, Number],
  [3802, text => JSON.parse(text) as unknown],
])
const AS_TEXT: Parse = text => text
const types = {
  getTypeParser: (oid: number) => PARSERS.get(oid) ?? AS_TEXT,
} as unknown as CustomTypesConfig

/** 64-bit integers as bigint, decimals as the nearest number, times as Date, bytes as Buffer. */
export async function queryRows(session: Session, text: string): Promise<Row[]> {
  try {
    return (await session.client.query({ text, types })).rows as Row[]
  } catch (error) {
    throw session.fault(error, { sql: text })
  }
}
