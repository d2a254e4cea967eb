/**
 * The files that all contestants read, made when they are first asked for. The lines are the
 * retail generator's with the mess that every tool can be told about: cancellations, empty customers,
 * free lines, duplicates, late corrections, quoted commas, quotes and line breaks. Left out is what
 * one tool or another takes for a broken file: unparsable values, CRLF in some files only, `17850.0`
 * for a whole number.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { RATES } from '../pipelines/retail/generate/mess.ts'
import { sheetOf } from '../pipelines/retail/generate/sheet.ts'
import { writeFile } from '../pipelines/retail/generate/write-file.ts'
import { ask } from './answers.ts'
import type { InputForm, Places } from './case.ts'
import { LINES } from './cases/sql.ts'
import { writeProducts } from './products.ts'

export const FILES = 8
const SEED = 1

export interface InputSet {
  readonly rows: number
  /** Holds a folder a form. */
  readonly folder: string
}

export const inputSet = (folder: string, rows: number): InputSet => ({
  rows,
  folder: join(folder, `rows-${rows}`),
})

/** The places of a form's files, which are made where they are missing. */
export async function inputsOf(set: InputSet, form: InputForm): Promise<Omit<Places, 'output'>> {
  const products = join(set.folder, 'products.csv')
  mkdirSync(set.folder, { recursive: true })
  if (!existsSync(products)) writeProducts(products)
  await makeForm(set, form)
  return { input: join(set.folder, form, `*.${form}`), products }
}

export const removeInputs = (set: InputSet): void =>
  rmSync(set.folder, { recursive: true, force: true })

async function makeForm(set: InputSet, form: InputForm): Promise<void> {
  const folder = join(set.folder, form)
  if (existsSync(folder)) return
  const part = `${folder}.part`
  rmSync(part, { recursive: true, force: true })
  mkdirSync(part)
  if (form === 'csv' || form === 'csv.gz') await writeLines(set.rows, part, form === 'csv.gz')
  else await convert(set, form, part)
  renameSync(part, folder)
}

async function writeLines(rows: number, folder: string, gzip: boolean): Promise<void> {
  const made = sheetOf({ rows, seed: SEED, mess: 'real' })
  const bounds = { ...made.bounds, unparsable: 0, customerAsFloat: 0 } satisfies Record<
    keyof typeof RATES,
    number
  >
  const edge = (i: number) => Math.floor((rows * i) / FILES)
  for (let i = 0; i < FILES; i++)
    await writeFile(
      { ...made, bounds },
      {
        path: join(folder, `lines-${i}.csv${gzip ? '.gz' : ''}`),
        lower: edge(i),
        upper: edge(i + 1),
        crlf: false,
        gzip,
      },
    )
}

/** The CSV files in another form, by DuckDB, file by file in their order. */
async function convert(set: InputSet, form: 'ndjson' | 'parquet', folder: string): Promise<void> {
  await makeForm(set, 'csv')
  const format = form === 'ndjson' ? 'FORMAT json' : 'FORMAT parquet, COMPRESSION zstd'
  for (let i = 0; i < FILES; i++) {
    const lines = LINES(join(set.folder, 'csv', `lines-${i}.csv`))
    await ask(
      `COPY (SELECT * FROM ${lines}) TO '${join(folder, `lines-${i}.${form}`)}' (${format})`,
    )
  }
}
