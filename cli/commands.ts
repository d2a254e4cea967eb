/** The subcommands, and the text that explains them. Each is imported when it is asked for: `run` needs no engine of its own. */

export interface Command {
  readonly synopsis: string
  readonly purpose: string
  /** Whose pipeline has parameters of its own. */
  readonly takesModule: boolean
  /** What each option does, a line each. */
  readonly options: readonly (readonly [option: string, meaning: string])[]
  run(argv: readonly string[]): Promise<number>
}

const PARAMETER = [
  '--PARAM VALUE',
  'a parameter of the pipeline; MODULE --help lists them',
] as const

// biome-ignore format: an option a line
export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['run', {
    takesModule: true,
    synopsis: 'run MODULE [--PARAM VALUE …] [--workers N] [--memory 512MB] [--limit N] [--max-rejects 10%] [--task-timeout 10m] [--interval TIME | --from TIME --to TIME] [--again] [--ledger URI] [--overwrite] [--resume] [--json]',
    purpose: 'run the pipeline that a module exports',
    options: [
      PARAMETER,
      ['--workers N', 'threads; default: one a core. Changes no byte of the output'],
      ['--memory SIZE', 'what the engine may hold before it spills to disk; default 1GB'],
      ['--limit N', 'a preview: at most N rows of each source; publishes nothing'],
      ['--max-rejects SHARE', 'rows of a source that may be rejected, such as 10% (the default) or 0.1; 100 rows are always allowed'],
      ['--spill-limit SIZE', 'what spilled rows may take on disk at once, such as 20GB. Default: as much as the disk has'],
      ['--task-timeout TIME', 'what one task may take, such as 90s or 10m; then its thread is ended. Default: as long as it takes'],
      ['--interval TIME', 'of a pipeline with intervals: the one that begins then, such as 2026-11-21T10:00Z. Default: the last that has ended'],
      ['--from TIME, --to TIME', 'all whole intervals from here to there, one after another; those that were published are left out'],
      ['--again', 'run an interval that was published: its outputs are replaced'],
      ['--ledger URI', 'where runs are written down and marks are kept: a folder, gs://…, s3://…, or none. Default: MILLRACE_LEDGER, else the folder .millrace'],
      ['--overwrite', 'replace outputs that exist'],
      ['--resume', 'take up an unfinished run of the same pipeline, parameters and inputs: what it had done is not done again'],
      ['--checkpoint-after TIME', 'what is done is kept for --resume once the run has lasted so long, such as 1m; 0: from the start. Default 5s'],
      ['--scratch FOLDER', 'where spilled and kept rows lie; default: the system’s temporary folder'],
      ['--export NAME', 'which pipeline, where the module exports several'],
      ['--json', 'print one JSON object on standard output, and nothing else there'],
    ],
    run: async argv => (await import('./run.ts')).run(argv),
  }],
  ['explain', {
    takesModule: true,
    synopsis: 'explain MODULE [--PARAM VALUE …]',
    purpose: 'show the optimized plan and its stages; nothing is read',
    options: [PARAMETER, ['--export NAME', 'which pipeline, where the module exports several']],
    run: async argv => (await import('./explain.ts')).explain(argv),
  }],
  ['runs', {
    takesModule: false,
    synopsis: 'runs [PIPELINE | show ID] [--limit N] [--ledger URI] [--json]',
    purpose: 'list the last runs that the ledger has, or all that it says of one',
    options: [
      ['--limit N', 'how many; default 20'],
      ['--ledger URI', 'as of run'],
      ['--json', 'print JSON on standard output'],
    ],
    run: async argv => (await import('./runs.ts')).runs(argv),
  }],
  ['check', {
    takesModule: false,
    synopsis: 'check URI… [--timeout 60s] [--json]',
    purpose: 'see whether a run could read and write there, and what is missing',
    options: [
      ['--timeout TIME', 'what one answer may take; default 60s'],
      ['--json', 'print JSON on standard output'],
    ],
    run: async argv => (await import('./check.ts')).check(argv),
  }],
  ['infer', {
    takesModule: false,
    synopsis: 'infer FILE [--rows N]',
    purpose: 'draft a TypeScript schema from a CSV, NDJSON or Parquet file',
    options: [['--rows N', 'rows to look at; default 20000']],
    run: async argv => (await import('./infer.ts')).infer(argv),
  }],
  ['clean', {
    takesModule: false,
    synopsis: 'clean URI [--older-than 1d] [--yes]',
    purpose: 'show what dead runs left in and beside outputs, and remove it',
    options: [
      ['--older-than TIME', 'leave alone what is younger, such as 2h or 7d; 0: nothing. Default 1d'],
      ['--yes', 'remove it; without it, it is only shown'],
    ],
    run: async argv => (await import('./clean.ts')).clean(argv),
  }],
  ['generate', {
    takesModule: false,
    synopsis: 'generate retail --out FOLDER [--rows N] [--files N] [--seed N] [--gzip]',
    purpose: 'make messy sample data whose right answer is known',
    options: [
      ['--out FOLDER', 'where the files go'],
      ['--rows N', 'lines in all; default 2000000'],
      ['--files N', 'files to spread them over; default 8'],
      ['--seed N', 'the same seed gives the same lines, whatever the files; default 1'],
      ['--gzip', 'compress the files'],
    ],
    run: async argv => (await import('./generate.ts')).generate(argv),
  }],
])

export function usage(): string {
  const lines = [...COMMANDS.values()].flatMap(c => [
    `  millrace ${c.synopsis}`,
    `      ${c.purpose}`,
    '',
  ])
  return `millrace: typed pipelines over big files\n\n${lines.join('\n')}
  millrace COMMAND --help   the options of a command; run MODULE --help also the module's parameters
  millrace --version

Exit codes: 0 done, 1 the run failed, 2 wrong usage, 130 interrupted.
`
}

export function usageOf({ synopsis, purpose, options }: Command): string {
  const width = Math.max(...options.map(([option]) => option.length))
  const lines = options.map(([option, meaning]) => `  ${option.padEnd(width)}  ${meaning}`)
  return `millrace ${synopsis}\n\n${purpose}\n\n${lines.join('\n')}\n`
}
