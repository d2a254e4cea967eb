/** Records of runs as a person reads them: a table of many, or a page of one. */
import type { Usage } from '../engine/io/warehouse.ts'
import type { RunRecord } from '../engine/io/ledger.ts'
import type { ShownRun } from '../engine/run/ledger/history.ts'
import { faultFromJson } from '../engine/fault.ts'
import { intervalText, timeText } from '../engine/plan/interval.ts'
import { loadJobsText, usageText } from '../engine/run/usage.ts'
import { fit, oneLine, widthOf } from './text-width.ts'
import { bytes, count, rowsText, seconds, table } from './units.ts'

/** Of a load; `--json` has all. */
const JOBS_SHOWN = 5
const HEAD = ['run', 'pipeline', 'interval', 'status', 'rows out', 'duration', 'started']

/** In `columns` of a terminal: what does not fit a table takes two lines a run. */
export function renderRuns(runs: readonly ShownRun[], columns = Number.POSITIVE_INFINITY): string {
  const rows = runs.map(({ record: r, status }) => [
    r.runId,
    oneLine(r.pipeline),
    r.interval === null ? '-' : timeText(r.interval.start),
    status,
    count(r.rows.written),
    tookOf(r),
    secondsText(r.startedAt),
  ])
  const text = table(HEAD, rows)
  if (widthOf(text.slice(0, text.indexOf('\n'))) <= columns) return `${text}\n`
  return `${runs.map(run => narrow(run, columns)).join('\n')}\n`
}

function narrow({ record: r, status }: ShownRun, columns: number): string {
  const interval = r.interval === null ? '' : ` ${timeText(r.interval.start)}`
  const took = r.endedAt === null ? '' : `, ${tookOf(r)}`
  const last = `  ${rowsText(r.rows.written)} out${took}, ${secondsText(r.startedAt)}`
  const name = `${r.runId} ${oneLine(r.pipeline)}${interval} ${status}`
  return [name, last].map(line => fit(line, columns)).join('\n')
}

export function renderRun({ record: r, status }: ShownRun): string {
  const { owner } = r
  const facts = [
    ['status', status],
    ['interval', r.interval === null ? '' : intervalText(r.interval)],
    ['started', secondsText(r.startedAt)],
    ['ended', r.endedAt === null ? '' : `${secondsText(r.endedAt)}, after ${tookOf(r)}`],
    ['process', `${owner.process} on ${owner.host}`],
    ['plan', r.fingerprint.slice(0, 16)],
    ['series', r.series],
    ['rows', `${count(r.rows.read)} read, ${count(r.rows.written)} written`],
  ]
  const parts = [
    `run ${r.runId} of ${oneLine(r.pipeline)}`,
    lines(facts.filter(([, value]) => value !== '') as [string, string][]),
    titled('parameters', lines(Object.entries(r.params))),
    titled('inputs', inputsOf(r)),
    titled('outputs', outputsOf(r)),
    titled('loads', r.loads.map(loadLine).join('\n')),
    titled('rejects', lines(r.rejects.map(x => [x.step, rowsText(x.rows)]))),
    titled('marks', marksOf(r)),
    r.error === null ? '' : faultFromJson(r.error).render(),
  ]
  return `${parts.filter(part => part !== '').join('\n\n')}\n`
}

const tookOf = ({ startedAt, endedAt }: RunRecord): string =>
  endedAt === null ? '-' : seconds(Math.max(0, endedAt - startedAt) / 1000)

const secondsText = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

const titled = (title: string, text: string): string => (text === '' ? '' : `${title}\n${text}`)

function lines(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...pairs.map(([name]) => name.length))
  return pairs.map(([name, text]) => `  ${name.padEnd(width)}  ${oneLine(text)}`).join('\n')
}

function inputsOf({ inputs }: RunRecord): string {
  if (inputs === null || inputs.count === 0) return ''
  const more = inputs.count - inputs.first.length
  const rows = inputs.first.map(i => [oneLine(i.uri), bytes(i.bytes), oneLine(i.version)])
  return [
    table(['object', 'size', 'version'], rows),
    ...(more > 0 ? [`  and ${count(more)} more`] : []),
    `  ${count(inputs.count)} in all, ${bytes(inputs.bytes)}, hash ${inputs.hash.slice(0, 16)}`,
  ].join('\n')
}

function outputsOf({ outputs }: RunRecord): string {
  if (outputs.length === 0) return ''
  const rows = outputs.map(o => [
    oneLine(o.table === undefined ? o.uri : `${o.uri} ${o.table}`),
    count(o.rows),
    bytes(o.bytes),
    count(o.files),
    o.checksum?.slice(0, 16) ?? '-',
  ])
  return table(['output', 'rows', 'size', 'files', 'checksum'], rows)
}

/** It is read later than it was counted. */
const thatDay = (usage: Usage): string => usageText(usage).replace(' today', ' that day')

function loadLine(load: RunRecord['loads'][number]): string {
  const { id, table: name, rows, adopted, jobs = [], loadJobs = [], usage = [] } = load
  const of = adopted ? ['was there already'] : [loadJobsText(loadJobs)]
  const told = [`load ${id}`, ...of, ...usage.map(thatDay)].filter(text => text !== '')
  const made = [
    ...loadJobs.slice(0, JOBS_SHOWN).map(job => `    loaded by     ${job.id}`),
    ...(loadJobs.length > JOBS_SHOWN ? [`    and ${loadJobs.length - JOBS_SHOWN} more`] : []),
    ...jobs.map(job => `    published by  ${job}`),
  ]
  return [`  ${oneLine(name)}  ${rowsText(rows)}, ${told.join(', ')}`, ...made].join('\n')
}

function marksOf({ marks: { before, after } }: RunRecord): string {
  return lines(
    Object.entries(after).map(([name, mark]) => {
      const from = before[name]
      return [name, from === mark ? `${mark}, as before` : `${from ?? 'the beginning'} → ${mark}`]
    }),
  )
}
