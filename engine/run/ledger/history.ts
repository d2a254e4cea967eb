/** Reading the ledger: the newest records, and one by its id. Names are listed, few records are read. */
import type { KeyValues, RunRecord } from '../../io/ledger.ts'
import { decoded, encoded, partsOf } from './names.ts'
import { lives } from '../checkpoint/owner.ts'
import { parsed } from './state.ts'

/** Records that are read at once. */
const AT_ONCE = 16

/** A run that was at work when its record was last written, and is not any more, `died`. */
export interface ShownRun {
  readonly record: RunRecord
  readonly status: RunRecord['status'] | 'died'
}

/** The newest first. Throws data: a record is none; resource: the ledger cannot be read. */
export async function newestRuns(
  values: KeyValues,
  { pipeline, limit }: { pipeline: string | null; limit: number },
): Promise<ShownRun[]> {
  const newest: { name: string; time: string }[] = []
  const prefix = pipeline === null ? 'runs/' : `runs/${encoded(pipeline)}/`
  const keepNewest = () => {
    newest.sort((a, b) => (a.time < b.time ? 1 : -1)).splice(limit)
  }
  for await (const page of values.list(prefix)) {
    for (const name of page) {
      const parts = partsOf(name)
      if (parts !== null) newest.push({ name, time: parts.time })
      if (newest.length >= 2 * limit + 1000) keepNewest()
    }
  }
  keepNewest()
  const runs: ShownRun[] = []
  for (let i = 0; i < newest.length; i += AT_ONCE) {
    const some = newest.slice(i, i + AT_ONCE).map(({ name }) => recordAt(values, name))
    for (const record of await Promise.all(some)) if (record !== null) runs.push(shown(record))
  }
  return runs
}

/** Names of pipelines that have records. */
export async function pipelinesIn(values: KeyValues): Promise<string[]> {
  const found = new Set<string>()
  for await (const page of values.list('runs/'))
    for (const name of page) if (partsOf(name)) found.add(name.split('/')[1] as string)
  return [...found].map(decoded).sort()
}

/** Runs whose ids begin so; two at most. */
export async function runsCalled(values: KeyValues, id: string): Promise<ShownRun[]> {
  const found: string[] = []
  for await (const page of values.list('runs/'))
    for (const name of page) if (partsOf(name)?.runId.startsWith(id)) found.push(name)
  const records = await Promise.all(found.slice(0, 2).map(name => recordAt(values, name)))
  return records.filter(record => record !== null).map(shown)
}

async function recordAt(values: KeyValues, name: string): Promise<RunRecord | null> {
  const kept = await values.get(name)
  return kept && parsed<RunRecord>(kept.bytes, name, values)
}

function shown(record: RunRecord): ShownRun {
  const atWork = record.status === 'running' || record.status === 'publishing'
  const died = atWork && lives(record.owner) === false
  return { record, status: died ? 'died' : record.status }
}
