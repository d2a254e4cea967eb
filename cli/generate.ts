/** `millrace generate`: sample data at any size, the same for the same seed. */
import { bytes, count, seconds } from './units.ts'
import { readArguments, UsageError } from './arguments.ts'

const OPTIONS = { rows: 'count', files: 'count', seed: 'count', out: 'text', gzip: 'flag' } as const

export async function generate(argv: readonly string[]): Promise<number> {
  const { positional, options, rest } = readArguments(argv, OPTIONS)
  const [what] = positional
  const unknown = Object.keys(rest)[0]
  if (unknown !== undefined)
    throw new UsageError(`option --${unknown} does not exist`, Object.keys(OPTIONS), unknown)
  if (what !== 'retail' || positional.length !== 1)
    throw new UsageError('generate what?', ['retail'], what ?? '')
  const folder = options.get('out')
  if (typeof folder !== 'string') throw new UsageError('--out FOLDER is missing')
  const number = (name: string, fallback: number) =>
    (options.get(name) as number | undefined) ?? fallback
  const rows = number('rows', 2_000_000)
  await makeRetail({
    rows,
    files: number('files', 8),
    seed: number('seed', 1),
    folder,
    gzip: options.has('gzip'),
  })
  return 0
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
