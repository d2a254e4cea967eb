/** `millrace explain`: the optimized plan and its stages, as text. Nothing is read. */
import { cutStages } from '../engine/compile/stages.ts'
import { explainLogical } from '../engine/plan/explain-logical.ts'
import { explainStages } from '../engine/compile/explain-stages.ts'
import { loadPipeline, planOf } from '../engine/run/load.ts'
import { readArguments, UsageError } from './arguments.ts'

export async function explain(argv: readonly string[]): Promise<number> {
  const { positional, options, rest } = readArguments(argv, { export: 'text' })
  const [module, ...more] = positional
  if (module === undefined || more.length > 0) throw new UsageError('explain takes one module')
  const { definition, hash } = await loadPipeline(
    module,
    (options.get('export') as string | undefined) ?? null,
  )
  const plan = planOf(definition, hash, { params: rest, runId: 'explain', startedAt: 0 })
  process.stdout.write(`${explainLogical(plan)}\n\n${explainStages(cutStages(plan))}\n`)
  return 0
}
