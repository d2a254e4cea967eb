/** The CSV scanner alone on one thread: all columns, two, none; beside a loop by hand and a bare walk. */
import { closeSync, globSync, openSync, readSync, statSync } from 'node:fs'
import { eachLine } from '../hand/lines.ts'
import { Line } from '../pipelines/line.ts'
import { eachBatch, linesOf, splitsOf } from './batches.ts'
import type { Micro } from './measure.ts'

export async function csvMicros(input: string, rows: number): Promise<Micro[]> {
  const source = linesOf(input)
  const splits = await splitsOf(source)
  const files = globSync(input)
  const bytes = files.reduce((sum, path) => sum + statSync(path).size, 0)
  const scan = (names: readonly string[]) => async () => {
    const wanted = Line.list.map(field => names.includes(field.name))
    let seen = 0
    await eachBatch(source, { splits, wanted }, batch => {
      seen += batch.rows
    })
    if (seen !== rows) throw new Error(`${seen} rows, expected ${rows}`)
  }
  const all = Line.list.map(field => field.name)
  const fields = all.map(() => '')
  const take = (line: readonly string[]) => {
    if (line.length !== all.length) throw new Error('a line is cut wrong')
  }
  return [
    { name: 'all 8 columns', rows, bytes, run: scan(all) },
    { name: '4 text columns', rows, bytes, run: scan(texts(all)) },
    { name: 'Quantity, UnitPrice', rows, bytes, run: scan(['Quantity', 'UnitPrice']) },
    { name: 'InvoiceDate', rows, bytes, run: scan(['InvoiceDate']) },
    { name: 'no column', rows, bytes, run: scan([]) },
    {
      name: 'by hand: fields as strings',
      rows,
      bytes,
      run: () => files.forEach(path => void eachLine(path, fields, take)),
    },
    {
      name: 'bound: read, count line feeds',
      rows,
      bytes,
      run: () => files.forEach(path => void countLines(path)),
    },
  ]
}

const texts = (all: readonly string[]): string[] =>
  all.filter(name => Line.fields[name as keyof typeof Line.fields].tag === 'utf8')

const chunk = Buffer.allocUnsafeSlow(1 << 20)

function countLines(path: string): number {
  const file = openSync(path, 'r')
  let lines = 0
  for (let read = 1; read > 0; ) {
    read = readSync(file, chunk, 0, chunk.length, null)
    for (let i = 0; i < read; i++) if (chunk[i] === 10) lines++
  }
  closeSync(file)
  return lines
}
