/** The parameters of a module's pipeline, for `run MODULE --help`. */
import type { ParamSpec } from '../engine/plan/params.ts'
import { loadPipeline } from '../engine/run/load.ts'
import { refuseOptionNames } from './run-options.ts'

/** Throws pipeline: the module exports none, or several. */
export async function parametersOf(module: string, name: string | null): Promise<string> {
  const { definition } = await loadPipeline(module, name)
  refuseOptionNames(definition.definition, definition.params)
  const lines = Object.entries(definition.params).map(([param, spec]) => [
    `--${param}${takes(spec)}`,
    fallbackOf(spec),
  ])
  if (lines.length === 0) return `${definition.definition} has no parameters\n`
  const width = Math.max(...lines.map(([given = '']) => given.length))
  const text = lines.map(([given = '', says]) => `  ${given.padEnd(width)}  ${says}`.trimEnd())
  return `parameters of ${definition.definition}:\n\n${text.join('\n')}\n`
}

function takes({ type, values }: ParamSpec): string {
  if (type === 'flag') return ''
  return values === null ? ` <${type}>` : ` ${values.join('|')}`
}

function fallbackOf({ type, fallback }: ParamSpec): string {
  if (type === 'flag') return ''
  if (type === 'secret' && fallback !== null) return 'default: ***'
  return fallback === null ? 'must be given' : `default: ${fallback === '' ? "''" : fallback}`
}
