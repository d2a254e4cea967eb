/** A function that changes the file which its rows are read from, in the way that `mode` says, as another process would. */
import {
  appendFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { param, pipeline, schema, t } from 'millrace'
import { csv, ndjson, parquet } from 'millrace/io'

const Row = schema({ id: t.int32, text: t.utf8 })
const AT = 100

const ACTS: Readonly<Record<string, (path: string) => void>> = {
  shrink: path => truncateSync(path, Math.floor(statSync(path).size / 2)),
  empty: path => truncateSync(path, 0),
  grow: path => appendFileSync(path, '70000,more\n'),
  remove: path => rmSync(path),
  /** Another file of the same size takes its place. */
  replace: path => {
    writeFileSync(`${path}.new`, Buffer.alloc(statSync(path).size, '9'))
    renameSync(`${path}.new`, path)
  },
  /** As a writer that keeps the size. */
  touch: path => utimesSync(path, 1, 1),
}

export default pipeline({
  name: 'changing',
  params: {
    mode: param.text(),
    format: param.oneOf(['csv', 'ndjson', 'parquet']),
    input: param.uri(),
    output: param.uri(),
  },
  build(p, { mode, format, input, output }) {
    const rows = p.read(
      format === 'csv'
        ? csv(input, Row)
        : format === 'ndjson'
          ? ndjson(input, Row)
          : parquet(input, Row),
    )
    if (format !== 'parquet') rows.rejects.write(ndjson(`${output}/rejects`))
    rows
      .derive({
        twice: [
          t.int32,
          r => {
            if (r.id === AT) ACTS[mode]?.(input)
            return r.id * 2
          },
        ],
      })
      .write(ndjson(`${output}/rows`))
  },
})
