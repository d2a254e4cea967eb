/** Cases of object stores as text files know them: lines are read from them, shards written to them. */
import { join } from 'node:path'
import {
  bucketIn,
  FILES,
  filesOf,
  lines,
  localFiles,
  type MatrixCase,
  out,
  put,
  READ,
  ROWS_PER_FILE,
  SCHEME,
  type Store,
} from './case.ts'
import { csvOf, orders } from './rows.ts'

export function readsObjects(kind: Store): MatrixCase {
  const bucket = `matrix-read-${kind}`
  return {
    name: `${kind}: CSV is read`,
    servers: [kind],
    async prepare({ servers }) {
      const server = servers[kind]!
      await bucketIn(server, bucket)
      for (let i = 0; i < FILES; i++) {
        const rows = orders(i * ROWS_PER_FILE, (i + 1) * ROWS_PER_FILE)
        await put(server, bucket, `in/é ${i}.csv`, csvOf(rows))
      }
    },
    words: async (at, _, name) => [
      ...['run', READ, '--kind', 'csv', '--input', `${SCHEME[kind]}://${bucket}/in/*.csv`],
      ...['--output', out(at, name)],
    ],
    answer: localFiles,
  }
}

export function writesObjects(kind: Store): MatrixCase {
  const bucket = `matrix-write-${kind}`
  return {
    name: `${kind}: shards are written`,
    servers: [kind],
    prepare: ({ servers }) => bucketIn(servers[kind]!, bucket),
    words: async (at, _, name) => [
      ...['run', READ, '--kind', 'csv', '--input', lines(at)],
      ...['--output', `${SCHEME[kind]}://${bucket}/${name}`],
    ],
    // On both servers an object is a file of its bucket's folder.
    async answer({ servers }, name) {
      return filesOf(join(servers[kind]!.folder, bucket, name))
    },
    made: name => thing =>
      thing.startsWith(`${SCHEME[kind]}://${bucket}/${name}/`) &&
      !/\.part$|\(upload\)$|_millrace\//.test(thing),
  }
}
