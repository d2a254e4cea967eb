/** Too many rejects of one source fail the run before anything is published. */
import { Fault } from '../fault.ts'
import { is, type Plan } from '../plan/node.ts'
import type { Ledger } from './account.ts'
import type { RejectSample } from './protocol.ts'
import type { StageRun } from './stage-run.ts'

/** Rejects that are never too many. */
const ALWAYS_ALLOWED = 100
const SHOWN = 3

/** Throws data: a source has more than `share` of its rows rejected, above 100. */
export function checkRejects(
  plan: Plan,
  ledger: Ledger,
  runs: readonly StageRun[],
  share: number,
): void {
  for (const node of plan.nodes) {
    if (!is(node, 'read')) continue
    const { in: read, rejected } = ledger.of(node.id)
    if (rejected <= ALWAYS_ALLOWED || rejected <= read * share) continue
    const samples = samplesOf(runs, node.id)
    throw new Fault(
      'data',
      `${rejected} of ${read} rows of ${node.name} were rejected, at most ${percent(share)} may be`,
      {
        at: node.at,
        detail: samples.map(s => `such as  ${sampleText(s)}`),
        hint: 'mend the schema or the file, or allow more with --max-rejects',
      },
    )
  }
}

const percent = (share: number): string => `${Number((share * 100).toFixed(3))} %`

export function samplesOf(runs: readonly StageRun[], node: number): RejectSample[] {
  const all = runs.flatMap(run => run.results.flatMap(r => r?.samples ?? []))
  return all.filter(s => s.node === node).slice(0, SHOWN)
}

/** `in.csv at byte 120  quantity: expected int32, got "12x"`; a reason may begin with a path within the column. */
export function sampleText({ source, offset, column, reason }: RejectSample): string {
  const place = source === null ? '' : `${source}${offset === null ? '' : ` at byte ${offset}`}  `
  const named =
    column === null || (reason.startsWith(column) && PATH.test(reason.slice(column.length)))
  return `${place}${named ? '' : `${column}: `}${reason}`
}

/** What follows a column's name in a path. */
const PATH = /^[.:[]/
