/** `millrace generate`: sample data at any size, the same for the same seed. */
import { readdir } from 'node:fs/promises'
import { Fault } from '../engine/fault.ts'
import { bytes, count, seconds } from './units.ts'
import { readArguments, refuseOthers, UsageError } from './arguments.ts'

const OPTIONS = {
  rows: 'count',
  files: 'number',
  seed: 'count',
  out: 'text',
  gzip: 'flag',
} as const

export async function generate(argv: readonly string[]): Promise<number> {
  const given = readArguments(argv, OPTIONS)
  refuseOthers(given, OPTIONS)
  const { positional, options } = given
  const [what] = positional
  if (what !== 'retail' || positional.length !== 1)
    throw new UsageError('generate what?', ['retail'], what ?? '')
  const folder = options.get('out')
  if (typeof folder !== 'string') throw new UsageError('--out FOLDER is missing')
  const number = (name: string, fallback: number) =>
    (options.get(name) as number | undefined) ?? fallback
  const order = {
    rows: number('rows', 2_000_000),
    files: number('files', 8),
    seed: number('seed', 1),
    folder,
    gzip: options.has('gzip'),
  }
  await refuseOtherSet(order)
  await makeRetail(order).catch(error => {
    throw error instanceof RangeError ? new UsageError(`--${error.message}`) : error
  })
  return 0
}

/** Files of another set beside ours would be read with them, and no answer would be right. */
async function refuseOtherSet({ folder, files, gzip }: RetailOrder): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new Fault('resource', `folder ${folder} cannot be used: ${error.code}`, { cause: error })
  })
  const ours = `-of-${String(files).padStart(5, '0')}.csv${gzip ? '.gz' : ''}`
  const other = names.find(n => /^retail-\d+-of-\d+\.csv/.test(n) && !n.endsWith(ours))
  if (other === undefined) return
  throw new Fault('pipeline', `folder ${folder} holds files of another set`, {
    detail: [`such as ${other}`],
    hint: 'empty it, or give --out another folder',
  })
}

export interface RetailOrder {
  readonly rows: number
  readonly files: number
  readonly seed: number
  readonly folder: string
  readonly gzip?: boolean
}

/** Makes the files, with a line of progress on standard error. */
export async function makeRetail(order: RetailOrder): Promise<void> {
  const { generateRetail } = await import('../pipelines/retail/generate/index.ts')
  const started = performance.now()
  const live = process.stderr.isTTY
  let size = 0
  let shown = 0
  await generateRetail({
    ...order,
    onProgress: ({ rows, bytes: done }) => {
      size = done
      const now = performance.now()
      if (!live || now - shown < 200) return
      shown = now
      process.stderr.write(
        `\r  generating ${count(rows)} of ${count(order.rows)} rows, ${bytes(done)}   `,
      )
    },
  })
  const took = (performance.now() - started) / 1000
  const clear = live ? '\r\u001b[K' : ''
  process.stderr.write(
    `${clear}generated ${count(order.rows)} rows in ${order.files} files, ${bytes(size)}, in ${seconds(took)}: ${order.folder}\n`,
  )
}
