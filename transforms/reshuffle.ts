/** `reshuffle`: breaks fusion and spreads rows evenly over the tasks behind it. */
import type { Node } from '../engine/plan/node.ts'
import { add, type Step } from './step.ts'

/**
 * The same rows, spread evenly: what stands behind it runs as its own tasks. Worth it where few splits
 * feed costly work, or one row became many.
 *
 * Shape   PCollection<F> → PCollection<F>: same rows
 * Cost    an exchange of all rows
 * Source  Beam's Reshuffle
 * @example
 * p.read(csv('one-file.csv.gz', Page)).reshuffle().mapAsync(Rendered, render, { concurrency: 8 })
 */
export const reshuffle = (step: Step): Node => add(step, 'reshuffle', { op: {}, name: 'reshuffle' })
