/**
 * Names in the run ledger. A pipeline's name may hold anything, so it is written with `~` and the bytes'
 * numbers for all but `a-z 0-9 _ -`, and ends in a hash where that is long.
 *
 *     runs/PIPELINE/TIME-RUN.json                 a record
 *     series/PIPELINE/SERIES.json                 the state of a series
 *     intervals/PIPELINE/SERIES/TIME.json         the state of an interval
 */
import { resolve } from 'node:path'
import { sha256 } from '../../data/sha256.ts'
import { withoutSecrets } from '../../fault.ts'
import type { RunInterval } from '../../io/ledger.ts'
import { hashOf } from '../../plan/fingerprint.ts'
import type { ParamSpecs, ParamValues } from '../../plan/params.ts'

const NAME_MAX = 100

export function encoded(name: string): string {
  const plain = [...Buffer.from(name)]
    .map(byte => {
      const char = String.fromCharCode(byte)
      return /[a-z0-9_-]/.test(char) ? char : `~${byte.toString(16).padStart(2, '0')}`
    })
    .join('')
  if (plain.length <= NAME_MAX && plain !== '') return plain
  return `${plain.slice(0, NAME_MAX - 20)}~~${sha256(name).slice(0, 16)}`
}

/** Of a long name, as much as was written. */
export const decoded = (name: string): string =>
  name
    .replace(/~~[0-9a-f]{16}$/, '…')
    .replace(/(?:~[0-9a-f]{2})+/g, bytes =>
      Buffer.from(bytes.replaceAll('~', ''), 'hex').toString(),
    )

/** Sorts as the times do. */
const timeName = (ms: number): string =>
  new Date(ms).toISOString().toLowerCase().replaceAll(':', '.')

export const recordName = (pipeline: string, startedAt: number, runId: string): string =>
  `runs/${encoded(pipeline)}/${timeName(startedAt)}-${encoded(runId)}.json`

/** What a record's name says: when the run started, and its id. */
export function partsOf(name: string): { readonly time: string; readonly runId: string } | null {
  const [, time = '', runId = ''] = /\/([^/]*z)-([^/]*)\.json$/.exec(name) ?? []
  return time === '' ? null : { time, runId }
}

/**
 * Runs of a pipeline that read and write the same places are one series: what one published, another
 * need not read again. The places are its parameters of type `uri`, without secrets; a local path counts
 * as the place that it leads to.
 */
export function seriesOf(pipeline: string, specs: ParamSpecs, values: ParamValues): string {
  const uris = Object.entries(values).filter(([name]) => specs[name]?.type === 'uri')
  const places = uris.map(([name, uri]) => [name, placeOf(String(uri))] as const)
  return hashOf([pipeline, places.sort(([a], [b]) => (a < b ? -1 : 1))]).slice(0, 16)
}

const placeOf = (uri: string): string =>
  /^[a-z][a-z0-9+.-]*:/i.test(uri) ? withoutSecrets(uri) : resolve(uri)

export const seriesName = (pipeline: string, series: string): string =>
  `series/${encoded(pipeline)}/${series}.json`

export const intervalName = (pipeline: string, series: string, { start }: RunInterval): string =>
  `intervals/${encoded(pipeline)}/${series}/${timeName(start)}.json`
