/** Every hour what a log has from its mark on: appended to a table, merged into another, and as files. */
import { param, pipeline } from '../../../transforms/index.ts'
import { parquet, table } from '../../../transforms/io/index.ts'
import type { AnySource } from '../../../engine/io/source.ts'
import { logSource } from './log-source.ts'

export default pipeline({
  name: 'increments',
  every: 'hour',
  params: { log: param.uri(), output: param.uri(), warehouse: param.uri(), slow: param.number(0) },
  build(p, { log, output, warehouse, slow }, { interval }) {
    const rows = p.read(logSource(log) as AnySource).filter(r => {
      if (slow > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, slow)
      return (r as { id: number }).id >= 0
    })
    p.publish(
      rows.write(table(warehouse, 'lines', { mode: 'append' })),
      rows.write(table(warehouse, 'newest', { mode: 'merge', key: ['id'], latest: 'at' })),
    )
    rows.write(parquet(`${output}/${new Date(interval.start).toISOString().slice(0, 13)}`))
  },
})
