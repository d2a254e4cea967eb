/**
 * `millrace explain`: the plan as written, the plan as optimized and its stages, as text. Sources are
 * listed, for the numbers of tasks and partitions; no row is read.
 */
import { explainStages, type Sizes } from '../engine/compile/explain-stages.ts'
import { cutStages, type Stages } from '../engine/compile/stages.ts'
import { Fault } from '../engine/fault.ts'
import { explainLogical } from '../engine/plan/explain-logical.ts'
import { buildPlan } from '../engine/plan/build.ts'
import { sized, sourceSizes } from '../engine/optimize/source-sizes.ts'
import { optimize } from '../engine/optimize/optimize.ts'
import type { Plan } from '../engine/plan/node.ts'
import { planInputs } from '../engine/run/inputs.ts'
import { loadPipeline } from '../engine/run/load.ts'
import { intervalOf } from '../engine/run/prepare.ts'
import { readArguments, UsageError } from './arguments.ts'
import { RUN_OPTIONS, withOptionHint } from './run-options.ts'

/** Takes the options of `run` too, so that one word of a command line need be changed. */
export async function explain(argv: readonly string[]): Promise<number> {
  const { positional, options, rest } = readArguments(argv, RUN_OPTIONS)
  const [module, ...more] = positional
  if (module === undefined || more.length > 0) throw new UsageError('explain takes one module')
  const name = (options.get('export') as string | undefined) ?? null
  const { definition, hash } = await loadPipeline(module, name)
  try {
    const startedAt = Date.now()
    const interval = intervalOf(
      definition,
      options.get('interval') as number | undefined,
      startedAt,
    )
    const run = { id: 'explain', startedAt, ...(interval && { interval }) }
    const written = buildPlan(definition, rest, run, hash)
    const text = explainLogical(written)
    const plan = optimize(sized(written, sourceSizes(written)))
    const stages = cutStages(plan)
    const { sizes, unknown } = await sizesOf(stages)
    const parts = [
      text,
      `optimized ${optimizedText(plan, text)}`,
      explainStages(stages, sizes),
      ...unknown,
    ]
    process.stdout.write(`${parts.join('\n\n')}\n`)
  } catch (error) {
    throw withOptionHint(error, rest)
  }
  return 0
}

/** Not the same lines twice. */
function optimizedText(plan: Plan, written: string): string {
  const text = explainLogical(plan)
  return text === written ? `pipeline ${plan.name}: as written` : text
}

/** The plan can be explained before its inputs are there. */
async function sizesOf(stages: Stages): Promise<{ sizes: Sizes | null; unknown: string[] }> {
  try {
    return { sizes: await planInputs(stages, {}), unknown: [] }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { sizes: null, unknown: [`tasks and partitions are not known: ${error.message}`] }
  }
}
