/** What a process that runs a pipeline imports, once its threads start: the engine. */
export { stepsOf } from '../engine/compile/explain-stages.ts'
export { scratchOf } from '../engine/run/prepare.ts'
export { loadPipeline } from '../engine/run/load.ts'
export { runInOrder } from '../engine/run/in-order.ts'
export { runPipeline } from '../engine/run/run.ts'
