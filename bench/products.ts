/** The products that case (e) joins to: every stock code of the generator with a category and a list price. */
import { writeFileSync } from 'node:fs'
import { priceOfStock, STOCKS, stockCode } from '../pipelines/retail/generate/catalogue.ts'

export const CATEGORIES = 'Candles,Kitchen,Garden,Toys,Bags,Stationery,Christmas,Bath'.split(',')
/** One stock in so many is not in the list, so that a join has rows without partner. */
const UNLISTED = 50

/** Writes the list; the same bytes each time. */
export function writeProducts(path: string): void {
  const lines = ['StockCode,Category,ListPrice']
  for (let stock = 0; stock < STOCKS; stock++) {
    if (stock % UNLISTED === UNLISTED - 1) continue
    const category = CATEGORIES[(stock * 7 + (stock >>> 5)) % CATEGORIES.length]
    const price = Math.round((priceOfStock[stock] as number) * 1.2)
    lines.push(`${stockCode(stock)},${category},${(price / 1000).toFixed(3)}`)
  }
  writeFileSync(path, `${lines.join('\n')}\n`)
}
