/** Outputs by tag, grouped files, a table and rejects: where rows leave. */
import { pipeline } from 'millrace'
import { ndjson, parquet, table } from 'millrace/io'
import { lines } from '../tables/shop.ts'

export default pipeline({
  name: 'outputs',
  build(p) {
    const { home, away } = p
      .read(lines)
      .partition(['home', 'away'], l => (l.country === 'Peru' ? 'home' : 'away'))
    home.write(parquet('home', { partitionBy: ['country'], sortBy: ['at'] }))
    p.publish(away.write(table('duckdb:lake.duckdb', 'away', { mode: 'replace' })))
    p.rejects.write(ndjson('rejects'))
  },
})
