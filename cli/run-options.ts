/** The options of `millrace run`; any other `--name value` is a parameter of the pipeline. */
import type { OptionType } from './arguments.ts'

export const RUN_OPTIONS: Readonly<Record<string, OptionType>> = {
  workers: 'count',
  memory: 'bytes',
  limit: 'count',
  'max-rejects': 'share',
  export: 'text',
  scratch: 'text',
  overwrite: 'flag',
  json: 'flag',
}
