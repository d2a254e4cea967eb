/** Cases of JSON services: pages that are counted, read in parallel, and a chain of them. */
import { localFiles, type MatrixCase, out, READ } from './case.ts'

function readsPages(what: string, kind: 'pages' | 'chain'): MatrixCase {
  return {
    name: `http: ${what}`,
    servers: ['pages'],
    prepare: () => Promise.resolve(),
    words: async (at, through, name) => [
      ...['run', READ, '--kind', kind, '--output', out(at, name)],
      ...['--input', `${through.pages!.uri}/orders`],
    ],
    answer: localFiles,
  }
}

export const httpPages = readsPages('counted pages are read', 'pages')
export const httpChain = readsPages('a chain of pages is read', 'chain')
