import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FIRST_INVOICE, STOCKS } from './catalogue.ts'
import { csvChunks } from './csv-chunks.ts'
import { FLAW, RATES, TEXT } from './mess.ts'
import { emptyRow, fillRow, LINES_MAX, type RetailRow } from './row.ts'
import { sheetOf } from './sheet.ts'

const rows = 200_000
const sheet = sheetOf({ rows, seed: 5 })

function rowAt(n: number, of = sheet): RetailRow {
  const row = emptyRow()
  fillRow(of, n, row)
  return row
}

/**
 * The share of rows that pass, and that it is near the rate: within a tenth, plus what chance
 * allows.
 */
function near(name: keyof typeof RATES, found: number, of: number): void {
  const rate = RATES[name]
  const slack = rate * 0.1 + 4 * Math.sqrt(rate / of)
  assert.ok(Math.abs(found / of - rate) <= slack, `${name}: ${found} of ${of}, the rate is ${rate}`)
}

describe('a row of the retail sheet', () => {
  const all = Array.from({ length: rows }, (_, n) => rowAt(n))
  const share = (name: keyof typeof RATES, test: (row: RetailRow) => boolean) =>
    near(name, all.filter(test).length, rows)
  const byInvoice = Map.groupBy(all, row => row.invoice)

  it('is the same in any slice', () => {
    const bytes = (lower: number, upper: number) =>
      Buffer.concat([...csvChunks(sheet, { lower, upper })])
    const whole = bytes(0, 30_000)
    const cuts = [0, 1, 2, 19, 7_777, 7_778, 15_001, 29_999, 30_000]
    const parts = cuts.slice(1).map((upper, i) => bytes(cuts[i] as number, upper))
    assert.ok(whole.equals(Buffer.concat(parts)))
    assert.equal(bytes(40, 40).length, 0)
  })

  it('has its row mess at the known rates', () => {
    share('unparsable', row => row.flaw !== FLAW.none)
    share('free', row => row.price === 0)
    share('customerAsFloat', row => row.customerAsFloat)
    share('noDescription', row => row.text === TEXT.empty)
    share('comma', row => row.text === TEXT.comma)
    share('quotes', row => row.text === TEXT.quotes)
    share('lineBreak', row => row.text === TEXT.lineBreak)
  })

  it('has every flaw', () => {
    const flaws = Object.values(FLAW).map(flaw => all.filter(row => row.flaw === flaw).length)
    assert.ok(
      flaws.every(count => count > 0),
      String(flaws),
    )
  })

  it('has its invoice mess at the known rates, for whole invoices', () => {
    const invoices = [...byInvoice.values()]
    near(
      'cancelled',
      invoices.filter(lines => lines.every(row => row.cancelled)).length,
      invoices.length,
    )
    near(
      'noCustomer',
      invoices.filter(lines => lines.every(row => row.customer === 0)).length,
      invoices.length,
    )
    for (const lines of invoices)
      for (const row of lines) {
        assert.equal(row.cancelled, row.quantity < 0)
        assert.deepEqual([row.customer, row.country], [lines[0]?.customer, lines[0]?.country])
      }
  })

  it('repeats a stock in its invoice as a duplicate or a correction, and in no other way', () => {
    const found = { duplicate: 0, correction: 0 }
    for (const lines of byInvoice.values())
      lines.forEach((row, i) => {
        const first = lines.findIndex(other => other.stock === row.stock)
        if (first === i) return
        const original = lines[first] as RetailRow
        assert.ok(i - first < 20)
        assert.equal(original.flaw, FLAW.none)
        if (row.minute === original.minute) {
          assert.deepEqual(row, { ...original, customerAsFloat: row.customerAsFloat })
          found.duplicate++
        } else {
          assert.ok(row.minute > original.minute && row.minute - original.minute < 3 * 1440)
          assert.ok(Math.abs(row.quantity) > Math.abs(original.quantity))
          found.correction++
        }
      })
    // A twentieth of them are first lines, which have nothing to copy.
    near('duplicate', found.duplicate / 0.95, rows)
    near('correction', found.correction / 0.95, rows)
  })

  it('belongs to invoices of 6 to 34 lines, 20 on average, in order of number and date', () => {
    const sizes = [...byInvoice.values()].map(lines => lines.length)
    assert.equal(sizes.length, rows / 20)
    assert.equal(Math.min(...sizes), 6)
    assert.equal(Math.max(...sizes), LINES_MAX)
    for (let n = 1; n < rows; n++)
      assert.ok((all[n] as RetailRow).invoice >= (all[n - 1] as RetailRow).invoice)
    const firsts = [...byInvoice.values()].map(lines => Math.min(...lines.map(row => row.minute)))
    assert.ok(firsts.every((minute, i) => i === 0 || minute >= (firsts[i - 1] as number)))
    assert.equal(firsts[0], 8 * 60)
    assert.equal(Math.floor((firsts.at(-1) as number) / 1440), 392)
  })

  it('is of about 80 bytes, sells all stocks, and mostly in the United Kingdom', () => {
    const bytes = [...csvChunks(sheet, { lower: 0, upper: rows })].reduce(
      (sum, chunk) => sum + chunk.length,
      0,
    )
    assert.ok(bytes / rows > 75 && bytes / rows < 95, `${bytes / rows}`)
    assert.equal(new Set(all.map(row => row.stock)).size, STOCKS)
    const home = all.filter(row => row.country === 0).length / rows
    assert.ok(home > 0.75 && home < 0.95, `${home}`)
    assert.ok(new Set(all.map(row => row.country)).size > 10)
  })

  it('is clean without mess', () => {
    const clean = sheetOf({ rows: 20_000, seed: 5, mess: 'none' })
    const text = Buffer.concat([...csvChunks(clean, { lower: 0, upper: 20_000 })]).toString()
    const lines = text.trimEnd().split('\n')
    assert.equal(lines.length, 20_000)
    const shape =
      /^\d{6},\d{5}[A-Z]?,[A-Z\d -]+,\d+,201[01]-\d\d-\d\d [\d:]{5}:00,\d+\.\d{1,3},\d{5},[A-Za-z ]+$/
    for (const line of lines) assert.match(line, shape)
    assert.equal(new Set(lines.map(line => line.split(',', 2).join())).size, 20_000)
    assert.ok(lines[0]?.startsWith(String(FIRST_INVOICE)))
  })

  it('differs by seed', () => {
    const other = sheetOf({ rows, seed: 6 })
    const same = Array.from({ length: 1000 }, (_, n) => rowAt(n, other).stock === all[n]?.stock)
    assert.ok(same.filter(Boolean).length < 50)
  })
})
