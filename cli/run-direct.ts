/** Runs a pipeline in this very process, without the command's child and progress: for benches and profilers. */
import { faultFromJson } from '../engine/fault.ts'
import { poolOf } from '../engine/run/pool-start.ts'
import { readArguments } from './arguments.ts'
import { RUN_OPTIONS, runOptionsOf } from './run-options.ts'

const told = runOptionsOf(readArguments(process.argv.slice(2), RUN_OPTIONS))
// Threads start while this one imports the engine.
const options = { ...told, pool: poolOf(told) }
const { runPipeline } = await import('./engine.ts')
const report = await runPipeline(options)
const { error } = report
const said = (): void =>
  void process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(error ? 1 : 0))
if (error) process.stderr.write(`${faultFromJson(error).render()}\n`, said)
else said()
