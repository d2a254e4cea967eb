/** The random pipeline of a seed as a module, so that worker threads can build it. */
import { param, pipeline } from 'millrace'
import { randomPlan } from './plan.ts'

export default pipeline({
  name: 'fuzz',
  params: { seed: param.number(), out: param.uri() },
  build(p, { seed, out }) {
    randomPlan(seed).build(p, out)
  },
})
