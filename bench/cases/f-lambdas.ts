/**
 * Six functions that no engine can look into: arithmetic, text, nulls, dates. Against the program that
 * one would write by hand: one process, one thread, a file after the other, its own splitting of CSV,
 * the same columns to CSV.
 */
import type { Case } from '../case.ts'
import { lambdasByHand } from '../hand/lambdas.ts'
import { csvFiles } from './sql.ts'

export default {
  title: 'six opaque lambdas, CSV → CSV',
  tools: ['hand', 'millrace-1', 'millrace'],
  hand: lambdasByHand,
  answers: output => ({
    rows: `SELECT count(*), sum(hash(InvoiceNo, StockCode, net::DOUBLE, slug, shelf, segment::INTEGER, weekday::INTEGER)::HUGEINT) FROM ${csvFiles(output)}`,
    nulls: `SELECT count(*) FROM ${csvFiles(output)} WHERE slug IS NULL`,
  }),
} satisfies Case
