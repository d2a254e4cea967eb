/** The subcommands, and the text that lists them. */
import { explain } from './explain.ts'
import { generate } from './generate.ts'
import { infer } from './infer.ts'
import { run } from './run.ts'

export interface Command {
  readonly synopsis: string
  readonly purpose: string
  run(argv: readonly string[]): Promise<number>
}

export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  [
    'run',
    {
      synopsis:
        'run MODULE [--PARAM VALUE …] [--workers N] [--memory 512MB] [--limit N] [--max-rejects 10%] [--overwrite] [--json]',
      purpose: 'run the pipeline that a module exports',
      run,
    },
  ],
  [
    'explain',
    {
      synopsis: 'explain MODULE [--PARAM VALUE …]',
      purpose: 'show the optimized plan and its stages',
      run: explain,
    },
  ],
  [
    'infer',
    {
      synopsis: 'infer FILE [--rows N]',
      purpose: 'draft a TypeScript schema from a file',
      run: infer,
    },
  ],
  [
    'generate',
    {
      synopsis: 'generate retail --out FOLDER [--rows N] [--files N] [--seed N] [--gzip]',
      purpose: 'make messy sample data whose right answer is known',
      run: generate,
    },
  ],
])

export function usage(): string {
  const lines = [...COMMANDS.values()].flatMap(c => [
    `  millrace ${c.synopsis}`,
    `      ${c.purpose}`,
    '',
  ])
  return `millrace: typed pipelines over big files\n\n${lines.join('\n')}`
}
