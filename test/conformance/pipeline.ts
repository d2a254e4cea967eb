/** A conformance case as a module, so that worker threads can build it. */
import { param, pipeline } from 'millrace'
import { collectSink } from '../../testing/collect.ts'
import { cases, sample } from './cases.ts'

export default pipeline({
  name: 'conformance',
  params: { case: param.text(), out: param.uri() },
  build(p, { case: name, out }) {
    const build = cases[name]
    if (!build) throw new Error(`no case ${name}`)
    for (const [output, collection] of Object.entries(build(sample(p))))
      collection.write(collectSink(`${out}/${output}`) as never)
  },
})
