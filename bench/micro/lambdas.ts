/**
 * Six opaque lambdas over columns in memory: the engine's kernels beside loops written by hand over
 * the same typed arrays and arrays of strings. Each alone, then all in one pass. The loops end with
 * typed arrays and arrays of strings, the kernels with columns, whose texts are dictionary codes.
 */
import { isStep } from '../../engine/compile/stages.ts'
import { Kernel, type StageScope } from '../../engine/compile/kernel.ts'
import type { Batch } from '../../engine/data/batch.ts'
import { buildPlan } from '../../engine/plan/build.ts'
import { type PCollection, pipeline } from 'millrace'
import { csv } from 'millrace/io'
import { Line } from '../pipelines/line.ts'
import { STEPS } from '../pipelines/lambdas.ts'
import { rowsOf } from './batches.ts'
import { LOOPS, plainOf } from './loops.ts'
import type { Micro } from './measure.ts'

type Lines = PCollection<(typeof Line)['fields']>

export function lambdaMicros(batches: readonly Batch[]): Micro[] {
  const rows = rowsOf(batches)
  const plain = batches.map(plainOf)
  return Object.entries(STEPS).flatMap(([name, step]): Micro[] => {
    const loop = LOOPS[name as keyof typeof STEPS]
    const kernel = kernelOf(step, () => {})
    return [
      {
        name: `${name}: kernel`,
        rows,
        run: () => batches.forEach(batch => void kernel.push(batch)),
      },
      { name: `${name}: by hand`, rows, run: () => plain.forEach(lines => void loop(lines)) },
    ]
  })
}

/** What a worker would make of the step. */
export function kernelOf(step: (lines: Lines) => unknown, emit: (batch: Batch) => void): Kernel {
  const definition = pipeline({
    name: 'micro',
    params: {},
    build: p => void step(p.read(csv('lines.csv', Line))),
  })
  const plan = buildPlan(definition, {}, { id: 'micro', startedAt: 0 })
  return new Kernel(plan.nodes.filter(isStep), Line, emit, scope)
}

const scope: StageScope = {
  task: {
    memoryBytes: 2 ** 30,
    rowsPerBatch: 16_384,
    spill: {
      spilledBytes: 0,
      splitLevels: 0,
      splitting() {},
      open: () => {
        throw new Error('a kernel does not spill')
      },
    },
    account: { add() {}, drop() {}, count() {} },
    runId: 'micro',
    startedAt: 0,
    reject: (_, { reason }) => {
      throw new Error(`a row was rejected: ${reason}`)
    },
  },
  sidesOf: () => undefined,
}
