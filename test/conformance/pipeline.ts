/** Conformance cases as a module, so that worker threads can build them: one case, or all in one run. */
import { param, pipeline } from 'millrace'
import { collectSink } from '../../testing/collect.ts'
import { cases, sample } from './cases.ts'

export default pipeline({
  name: 'conformance',
  params: { case: param.text('*'), out: param.uri() },
  build(p, { case: name, out }) {
    const wanted = Object.entries(cases).filter(([known]) => name === '*' || known === name)
    if (wanted.length === 0) throw new Error(`no case ${name}`)
    const all = sample(p)
    for (const [known, build] of wanted)
      for (const [output, collection] of Object.entries(build(all)))
        collection.write(collectSink(`${out}/${known}/${output}`) as never)
  },
})
