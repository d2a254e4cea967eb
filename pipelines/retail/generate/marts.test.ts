import assert from 'node:assert/strict'
import { it } from 'node:test'
import { stockCode } from './catalogue.ts'
import { Marts } from './marts.ts'
import { emptyRow } from './row.ts'

const row = (o: { invoice: number; stock: number; minute?: number; quantity?: number }) => ({
  ...emptyRow(),
  quantity: 1,
  price: 2500,
  ...o,
})

it('ranks equals by their first sale', () => {
  const marts = new Marts()
  for (const stock of [9, 3, 7]) marts.add(row({ invoice: 0, stock }))
  marts.add(row({ invoice: 1, stock: 5, quantity: 2 }))
  const codes = marts.answer().topProducts.map(product => product.stockCode)
  assert.deepEqual(codes, [5, 9, 3, 7].map(stockCode))
})

it('counts an invoice once in each month and day that it touches', () => {
  const marts = new Marts()
  const nextMonth = 31 * 1440
  for (const minute of [600, nextMonth, 600, nextMonth + 1440])
    marts.add(row({ invoice: 4, stock: 1, minute }))
  const { revenue, revenueByCountryMonth, revenueByDay } = marts.answer()
  assert.equal(revenue, 10_000n)
  assert.deepEqual(
    revenueByCountryMonth.map(({ month, orders, lines }) => [month, orders, lines]),
    [
      ['2010-12', 1, 2],
      ['2011-01', 1, 2],
    ],
  )
  assert.deepEqual(
    revenueByDay.map(({ day, revenue, orders }) => [day, revenue, orders]),
    [
      ['2010-12-01', 5000n, 1],
      ['2011-01-01', 2500n, 1],
      ['2011-01-02', 2500n, 1],
    ],
  )
})

it('refuses sums that are not exact', () => {
  const marts = new Marts()
  marts.add(row({ invoice: 0, stock: 1, quantity: 2 ** 53 }))
  assert.throws(() => marts.answer(), /past 2\^53/)
})
