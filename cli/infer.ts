/**
 * `millrace infer FILE`: drafts a TypeScript schema from a file, to be read and corrected by a person.
 * The guessing looks at the first rows; nothing is guessed when a pipeline runs.
 */
import { Fault } from '../engine/fault.ts'
import { listFiles } from '../transforms/io/files/list.ts'
import { readArguments, refuseOthers, UsageError } from './arguments.ts'
import { Asker } from './infer/asker.ts'
import type { Draft } from './infer/draft.ts'
import { draftText } from './infer/draft-text.ts'
import { draftTyped } from './infer/draft-typed.ts'
import { render } from './infer/render.ts'

const OPTIONS = { rows: 'number' } as const
const ROWS = 20_000

/** By the file's name, without `.gz` and `.zst`. */
const FORMATS: readonly (readonly [name: RegExp, draft: (asker: Asker) => Promise<Draft>])[] = [
  [/\.(?:csv|tsv|tab|psv|txt|dat)$/i, draftText],
  [/\.(?:ndjson|jsonl|json)$/i, asker => draftTyped(asker, 'ndjson')],
  [/\.(?:parquet|pq)$/i, asker => draftTyped(asker, 'parquet')],
]

export async function infer(argv: readonly string[]): Promise<number> {
  const given = readArguments(argv, OPTIONS)
  refuseOthers(given, OPTIONS)
  const [uri, ...more] = given.positional
  if (uri === undefined || more.length > 0)
    throw new UsageError(`infer takes one file${more.length > 0 ? ': quote a glob' : ''}`)
  const [first] = listFiles(uri)
  const path = first?.path ?? uri
  const format = FORMATS.find(([name]) => name.test(path.replace(/\.(?:gz|zst)$/i, '')))
  if (!format)
    throw new Fault('pipeline', `the format of ${path} is not known`, {
      hint: 'it goes by the name: .csv .tsv .psv .txt .dat, .ndjson .jsonl .json, .parquet; .gz or .zst after it',
    })
  const asker = await Asker.open(path, (given.options.get('rows') as number | undefined) ?? ROWS)
  try {
    process.stdout.write(render(uri, await format[1](asker)))
  } finally {
    asker.close()
  }
  return 0
}
