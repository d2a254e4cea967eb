/** Cases of workbooks in object stores: a small one is fetched whole, larger ones part by part. */
import { rowsOf, workbook } from '../../../transforms/io/xlsx/testing/workbook.ts'
import {
  bucketIn,
  localFiles,
  type MatrixCase,
  out,
  put,
  READ,
  SCHEME,
  type Store,
} from './case.ts'
import { type OrderRow, orders, padOf } from './rows.ts'

const BOOKS = 3
const SHEETS = 2
const ROWS_PER_SHEET = 1000
const CUSTOMERS = 997
const HEADER = ['id', 'day', 'customer', 'amount', 'note']
/** Of `pad`, which the schema lacks, so that a workbook has a megabyte. */
const HASHES = 14
/** Day 0 of workbooks, in epoch days. */
const DAY_ZERO = -25_569
const DAY_MS = 86_400_000

/** Days are numbers with a style, customers texts that all sheets share, notes texts of their cells. */
function cellsOf(
  { id, day, customer, amount, note }: OrderRow,
  i: number,
): (string | number | null)[] {
  const row = i + 2
  const serial = Date.parse(day) / DAY_MS - DAY_ZERO
  const shared = Number(customer.replace(/\D/g, ''))
  return [
    ...[id, `<c r="B${row}" s="1"><v>${serial}</v></c>`],
    ...[`<c r="C${row}" t="s"><v>${shared}</v></c>`, Number(amount), note],
  ]
}

function bookOf(first: number, large: boolean): Buffer {
  const sheets = Array.from({ length: SHEETS }, (_, s) => {
    const from = first + s * ROWS_PER_SHEET
    const rows = orders(from, from + ROWS_PER_SHEET).map((row, i) =>
      large ? [...cellsOf(row, i), padOf(row.id, HASHES)] : cellsOf(row, i),
    )
    return { name: `S${s}`, rows: rowsOf([large ? [...HEADER, 'pad'] : HEADER, ...rows]) }
  })
  const texts = Array.from({ length: CUSTOMERS }, (_, i) => `<si><t>customer ${i}</t></si>`)
  return workbook(sheets, { texts: texts.join('') })
}

export function readsBooks(kind: Store): MatrixCase {
  const bucket = `matrix-books-${kind}`
  return {
    name: `${kind}: workbooks are read`,
    servers: [kind],
    async prepare({ servers }) {
      await bucketIn(servers[kind]!, bucket)
      for (let i = 0; i < BOOKS; i++)
        await put(
          servers[kind]!,
          bucket,
          `in/é ${i}.xlsx`,
          bookOf(i * SHEETS * ROWS_PER_SHEET, i > 0),
        )
    },
    words: async (at, _, name) => [
      ...['run', READ, '--kind', 'xlsx', '--input', `${SCHEME[kind]}://${bucket}/in/*.xlsx`],
      ...['--output', out(at, name)],
    ],
    answer: localFiles,
    faults: { faultsMax: 12 },
  }
}
