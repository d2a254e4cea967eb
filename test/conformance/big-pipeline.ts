/** The cases of `big-cases.ts` as a module: one of them, or all in one run, with files for outputs. */
import { flatten, param, type Pipeline, pipeline, schema, t } from 'millrace'
import { csv, ndjson, parquet } from 'millrace/io'
import { collectSink } from '../../testing/collect.ts'
import { type Big, bigCases, meetings } from './big-cases.ts'
import { Order, Visit } from './big-input.ts'

const params = { input: param.uri(), out: param.uri() }
const inputs = (p: Pipeline, input: string): Big => ({
  orders: p.read(csv(`${input}/orders-*.csv`, Order)),
  visits: p.read(csv(`${input}/visits-*.csv`, Visit)),
})

/** One case, whose rows are kept for comparison. */
export const one = pipeline({
  name: 'one',
  params: { ...params, case: param.text() },
  build(p, { input, out, case: name }) {
    const build = bigCases[name] ?? meetings[name]
    if (!build) throw new Error(`no case ${name}`)
    for (const [output, collection] of Object.entries(build(inputs(p, input))))
      collection.write(collectSink(`${out}/${output}`) as never)
  },
})

const Checked = schema({ id: t.int32, customer: t.utf8.nullable, ratio: t.float64 })

/** All cases, to CSV and Parquet in turn; and what only files show: folders, sorted files, rejects. */
export const all = pipeline({
  name: 'all',
  params,
  build(p, { input, out }) {
    const big = inputs(p, input)
    const { orders, visits } = big
    let turn = 0
    for (const [name, build] of Object.entries({ ...bigCases, ...meetings }))
      for (const [output, collection] of Object.entries(build(big))) {
        const uri = `${out}/${name}-${output}`
        collection.write(turn++ % 2 === 0 ? csv(uri) : parquet(uri))
      }
    orders.write(parquet(`${out}/by-day`, { partitionBy: ['day'], sortBy: ['customer'] }))
    orders.write(csv(`${out}/by-country`, { partitionBy: ['country'] }))
    orders.write(parquet(`${out}/small-files`, { rowsPerFile: 1000 }))
    const checked = orders
      .join(visits.select('customer', 'seconds'), { on: 'customer', hint: 'partition' })
      .map(
        Checked,
        r => {
          if (r.product === 13) throw new RangeError(`product ${r.id}`)
          return { id: r.id, customer: r.customer, ratio: r.amount / r.seconds }
        },
        { onError: 'deadLetter' },
      )
      .flatMap(
        Checked,
        r => {
          if (r.ratio > 0 && r.ratio < 1) throw new RangeError(`ratio ${r.id}`)
          return [r]
        },
        { onError: 'deadLetter' },
      )
    checked.write(csv(`${out}/checked`))
    p.rejects.write(ndjson(`${out}/rejects`))
    flatten(orders.rejects, visits.rejects).write(ndjson(`${out}/read-rejects`))
  },
})
