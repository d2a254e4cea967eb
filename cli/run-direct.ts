/** Runs a pipeline in this very process, without the command's child and progress: for benches and profilers. */
import { faultFromJson } from '../engine/fault.ts'
import { runPipeline } from '../engine/run/run.ts'
import { readArguments } from './arguments.ts'
import { RUN_OPTIONS, runOptionsOf } from './run-options.ts'

const report = await runPipeline(runOptionsOf(readArguments(process.argv.slice(2), RUN_OPTIONS)))
if (report.error) {
  process.stderr.write(`${faultFromJson(report.error).render()}\n`)
  process.exitCode = 1
}
process.stdout.write(`${JSON.stringify(report)}\n`)
