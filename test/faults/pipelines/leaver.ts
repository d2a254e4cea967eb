/** A module that ends the process, throws, or leaves an error behind that nobody catches. */
import { param, pipeline, schema, t } from 'millrace'
import { ndjson } from 'millrace/io'

const Row = schema({ id: t.int32 })
const SECONDS = 20

export default pipeline({
  name: 'leaver',
  params: { mode: param.text(), out: param.uri() },
  build(p, { mode, out }) {
    console.log('a word from build')
    if (mode === 'arenas') console.log(`arenas: ${process.env['MALLOC_ARENA_MAX']}`)
    if (mode === 'exit') process.exit(3)
    if (mode === 'uncaught')
      setTimeout(() => {
        throw new RangeError('nobody waits for me')
      }, 50)
    p.create(Row, [{ id: 1 }])
      .mapAsync(
        Row,
        async row => {
          console.log('a word from a worker')
          if (mode === 'uncaught') await new Promise(done => setTimeout(done, SECONDS * 1000))
          return row
        },
        { concurrency: 1 },
      )
      .write(ndjson(out))
  },
})
