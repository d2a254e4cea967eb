/** A function in which a worker thread dies or hangs, in the way that `mode` says; before it, rows have crossed an exchange. */
import { existsSync, writeFileSync } from 'node:fs'
import { param, pipeline, schema, t } from 'millrace'
import { csv, ndjson } from 'millrace/io'

const Row = schema({ id: t.int32, text: t.utf8 })
const AT = 31_000

function spin(): number {
  let x = 1
  for (;;) x = (x * 31 + 7) | 0
}

const never = (): Promise<never> => new Promise(() => {})

function hoard(): number {
  const kept: string[][] = []
  for (;;) kept.push(Array.from({ length: 1000 }, (_, i) => `${kept.length} ${i}`))
}

function later(): number {
  setTimeout(() => {
    throw new RangeError('nobody waits for me')
  }, 0)
  return 0
}

export default pipeline({
  name: 'deaths',
  params: {
    mode: param.text(),
    input: param.uri(),
    output: param.uri(),
    /** Times that it happens; then the function does as it should. */
    times: param.number(1e9),
  },
  build(p, { mode, input, output, times }) {
    const mark = (n: number): string => `${output}.${mode}-${n}`
    /** True while it is to go wrong. Counted in files, as threads share nothing else. */
    const goesWrong = (id: number): boolean => {
      if (id !== AT) return false
      let n = 0
      while (existsSync(mark(n))) n++
      if (n < times) writeFileSync(mark(n), '')
      return n < times
    }
    const acts: Record<string, () => number> = {
      exit: () => process.exit(7),
      spin,
      hoard,
      later,
    }
    const act = acts[mode]
    const rows = p.read(csv(input, Row))
    rows.rejects.write(ndjson(`${output}/rejects`))
    const spread = rows.distinctBy('id', { keep: 'last', by: 'text' })
    const derived = spread
      .derive({ x: [t.int32, r => (act && goesWrong(r.id) ? act() : r.id % 7)] })
      .mapAsync(
        schema({ id: t.int32, text: t.utf8, x: t.int32 }),
        async r => {
          if (mode === 'later' && r.id === AT) await new Promise(done => setTimeout(done, 20))
          return mode === 'never' && goesWrong(r.id) ? never() : r
        },
        { concurrency: 2 },
      )
    const keyed = derived.groupBy('x').aggregate(g => ({ rows: g.count(), last: g.max('text') }))
    keyed.write(ndjson(`${output}/groups`))
    derived.reshuffle().write(ndjson(`${output}/rows`))
  },
})
