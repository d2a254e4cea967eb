/** How each contestant is started: the arguments of Node for a case. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Case, Places, Tool } from '../case.ts'
import type { Installed } from './installed.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export interface Entry {
  readonly name: string
  readonly case: Case
  readonly places: Places
  readonly threads: number
  readonly millrace: Installed
  /** Millrace's `--memory`, such as `512MB`; default: its own. */
  readonly memory?: string
  /** Held on the first core by `taskset`. */
  readonly pinned?: boolean
  /** Millrace through its command, with the process that guards it. */
  readonly guarded?: boolean
}

export function commandOf(tool: Tool, entry: Entry): string[] {
  const { name, places } = entry
  const told = JSON.stringify(places)
  if (tool === 'duckdb') return [here('./duckdb.ts'), name, String(entry.threads), told]
  if (tool === 'polars') return [here('./polars.ts'), name, told]
  if (tool === 'hand') return [here('./hand.ts'), name, told]
  return millrace(entry, tool === 'millrace-1' ? 1 : entry.threads)
}

/** Left to itself the engine in the process itself, as DuckDB is: the command would start it in a child. */
function millrace(entry: Entry, workers: number): string[] {
  const { name, places, millrace, memory } = entry
  const command = [
    ...(entry.guarded ? millrace.guarded : millrace.command),
    join(millrace.pipelines, `${name}.ts`),
    ...['--input', places.input, '--output', places.output, '--workers', String(workers)],
    '--overwrite',
    ...(memory === undefined ? [] : ['--memory', memory]),
  ]
  return entry.case.products ? [...command, '--products', places.products] : command
}
