/** A pipeline whose lambdas tell who called them: the interpreter, or a loop that was emitted. */
import { param, pipeline, schema, t } from 'millrace'
import { collectSink } from '../../testing/collect.ts'

const By = schema({ by: t.utf8 })

function caller(): string {
  const frames = (new Error().stack ?? '').split('\n').slice(1)
  const interpreter = frames.findIndex(f => f.includes('interpret.ts'))
  const emitted = frames.findIndex(f => f.includes('eval at compile') && f.includes('door.ts'))
  if (interpreter >= 0 && emitted < 0) return 'interpreter'
  return emitted >= 0 && interpreter < 0 ? 'emitted code' : frames.join('\n')
}

export const callers = pipeline({
  name: 'callers',
  params: { out: param.uri() },
  build(p, { out }) {
    const nobody = p.create(By, [{ by: '' }])
    const seen: Record<string, string> = {}
    const outputs = {
      derive: nobody.derive({ by: [t.utf8, () => caller()] }),
      map: nobody.map(By, () => ({ by: caller() })),
      filter: nobody
        .filter(() => (seen['filter'] = caller()) !== '')
        .derive({ by: [t.utf8, () => seen['filter'] as string] }),
    }
    for (const [name, collection] of Object.entries(outputs))
      collection.write(collectSink(`${out}/${name}`) as never)
  },
})

export default callers
