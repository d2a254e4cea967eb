/** The input of `outputs-pipeline.ts`: seeded rows in several files, one in a hundred of which is no row. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const DAY_MS = 86_400_000

/** Answers a glob of the files. */
export function linesIn(folder: string, o: { rows: number; files: number }): string {
  mkdirSync(folder, { recursive: true })
  for (let file = 0; file < o.files; file++) {
    let text = 'id,day,city,price\n'
    for (let id = file; id < o.rows; id += o.files) {
      const day = new Date(DAY_MS * (19_000 + (id % 7))).toISOString().slice(0, 10)
      const city = id % 13 === 0 ? '' : `city ${(id * 7919) % 97}`
      text += `${id},${day},${city},${id % 100 === 99 ? 'cheap' : `${(id * 31) % 5000}.${10 + (id % 90)}`}\n`
    }
    writeFileSync(join(folder, `lines-${file}.csv`), text)
  }
  return join(folder, 'lines-*.csv')
}
