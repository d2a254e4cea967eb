/** Cases of Parquet files in object stores: of all that lies there, footers and what is asked for are fetched. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RowBuilder } from '../../../engine/compile/rows.ts'
import { parquetFragment } from '../../../transforms/io/parquet/fragment.ts'
import {
  bucketIn,
  localFiles,
  type MatrixCase,
  out,
  PART,
  put,
  SCHEME,
  type Store,
} from './case.ts'
import { orders, Padded, padOf } from './rows.ts'

const FILES = 4
const ROWS_PER_GROUP = 8000
const ROWS_PER_FILE = 2 * ROWS_PER_GROUP

/** A file of two row groups, most of it `pad`, which nobody asks for. */
async function write(path: string, from: number): Promise<Buffer> {
  const writer = parquetFragment(path, Padded, { rowsPerRowGroup: ROWS_PER_GROUP })
  const builder = new RowBuilder(Padded, ROWS_PER_GROUP)
  for (const { day, amount, ...row } of orders(from, from + ROWS_PER_FILE)) {
    const values = { day: Date.parse(day), amount: Number(amount), pad: padOf(row.id, 3) }
    builder.append({ ...row, ...values })
    if (!builder.full) continue
    await writer.write(builder.take())
    builder.trim()
  }
  await writer.close()
  return readFileSync(path)
}

export function readsParts(kind: Store): MatrixCase {
  const bucket = `matrix-parts-${kind}`
  let stored = 0
  return {
    name: `${kind}: a part of Parquet files is read`,
    servers: [kind],
    async prepare({ servers, folder }) {
      await bucketIn(servers[kind]!, bucket)
      mkdirSync(join(folder, 'parts'))
      for (let i = 0; i < FILES; i++) {
        const bytes = await write(join(folder, 'parts', `${i}.parquet`), i * ROWS_PER_FILE)
        stored += bytes.length
        await put(servers[kind]!, bucket, `in/é ${i}.parquet`, bytes)
      }
    },
    words: async (at, _, name) => [
      ...['run', PART, '--kind', 'parquet', '--input', `${SCHEME[kind]}://${bucket}/in/*.parquet`],
      ...['--output', out(at, name)],
    ],
    answer: localFiles,
    faults: { rate: 0.4, faultsMax: 12 },
    // What is asked for is a seventh of the files; faults have some sent again.
    receivedBytesMax: () => stored / 5,
  }
}
