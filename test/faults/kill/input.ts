/** The harness's input: the same seed gives the same bytes. About one line in two hundred cannot be read. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Random, randomOf } from '../../fuzz/random.ts'

const CATEGORIES = ['lamp', 'chair', 'table', 'rug', 'clock']
const PRODUCTS = 400

export function writeInput(folder: string, o: { rows: number; files: number; seed: number }): void {
  const { rows, files, seed } = o
  mkdirSync(folder, { recursive: true })
  const random = randomOf(seed)
  const products = Array.from(
    { length: PRODUCTS },
    (_, i) => `P${i},${random.pick(CATEGORIES)},${random.below(9000) / 100}\n`,
  )
  writeFileSync(join(folder, 'products.csv'), `product,category,list\n${products.join('')}`)
  const each = Math.ceil(rows / files)
  for (let f = 0; f < files; f++) {
    const lines = Array.from({ length: each }, () => lineOf(random, rows))
    const head = 'id,product,quantity,price,at,customer,note\n'
    writeFileSync(join(folder, `lines-${f}.csv`), head + lines.join(''))
  }
}

function lineOf(random: Random, rows: number): string {
  const id = random.below(rows * 0.7)
  const at = new Date(Date.UTC(2025, 0, 1) + random.below(365 * 86_400) * 1000).toISOString()
  const customer = random.below(40) === 0 ? '' : String(random.below(5000))
  const quantity = random.below(200) === 0 ? 'some' : String(random.below(20) - 1)
  const note = random.below(9) === 0 ? '"two\nlines, ""quoted"""' : `note ${random.below(1e6)}`
  return `${id},P${random.below(PRODUCTS)},${quantity},${random.below(90_000) / 1000},${at},${customer},${note}\n`
}
