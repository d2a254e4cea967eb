/** Runs a pipeline in this very process, without the command's child and progress: for benches and profilers. */
import { availableParallelism } from 'node:os'
import { faultFromJson } from '../engine/fault.ts'
import { runPipeline } from '../engine/run/run.ts'
import { readArguments } from './arguments.ts'
import { RUN_OPTIONS } from './run-options.ts'

const { positional, options, rest } = readArguments(process.argv.slice(2), RUN_OPTIONS)
const report = await runPipeline({
  pipeline: positional[0] as string,
  params: rest,
  overwrite: options.has('overwrite'),
  resume: options.has('resume'),
  ...(options.has('checkpoint-after')
    ? { checkpointAfterSeconds: options.get('checkpoint-after') as number }
    : {}),
  workers: (options.get('workers') as number | undefined) ?? availableParallelism(),
  memoryBytes: (options.get('memory') as number | undefined) ?? 2 ** 30,
})
if (report.error) {
  process.stderr.write(`${faultFromJson(report.error).render()}\n`)
  process.exitCode = 1
}
process.stdout.write(`${JSON.stringify(report)}\n`)
