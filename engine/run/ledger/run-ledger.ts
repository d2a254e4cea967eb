/**
 * The run ledger as a run sees it. A preview, and a run that was given no ledger, have none: for them
 * nothing is written down, and every source is read from its beginning.
 */
import { Fault, faultToJson } from '../../fault.ts'
import type { Published } from '../../io/ledger.ts'
import { type Interval, intervalText, timeText } from '../../plan/interval.ts'
import { is } from '../../plan/node.ts'
import { parseParams } from '../../plan/params.ts'
import type { Inputs } from '../inputs.ts'
import type { RunOptions } from '../options.ts'
import type { Outputs } from '../outputs.ts'
import type { Prepared } from '../prepare.ts'
import type { RunReport } from '../report.ts'
import { LedgerEntry } from './entry.ts'
import { seriesOf } from './names.ts'
import { hashOfInputs, recordedInputs, shownParams } from './record.ts'

/** Ends a run that has nothing to do. */
export class Skipped extends Error {
  readonly why: NonNullable<RunReport['skippedAs']>
  /** For a person. */
  readonly note: string
  constructor(why: NonNullable<RunReport['skippedAs']>, note: string) {
    super(why)
    this.why = why
    this.note = note
  }
}

export interface Reading {
  readonly interval?: Interval
  since(markName: string): string | null
}

export class RunLedger {
  /** Of the user, or of a claim that was lost. */
  readonly signal: AbortSignal
  readonly #prepared: Prepared
  readonly #options: RunOptions
  readonly #lost = new AbortController()
  #entry: Promise<LedgerEntry | null> | null = null
  #kept: LedgerEntry | null = null

  constructor(prepared: Prepared, options: RunOptions) {
    this.#prepared = prepared
    this.#options = options
    const { signal } = options
    this.signal = signal ? AbortSignal.any([signal, this.#lost.signal]) : this.#lost.signal
  }

  /** The run is written down. */
  get isKept(): boolean {
    const { ledger = null, limit = null } = this.#options
    return ledger !== null && ledger !== 'none' && limit === null
  }

  get retaken(): boolean {
    return this.#kept?.retaken === true
  }

  /**
   * Claims, then plans what is read; a run that claims nothing does both at once. Throws Skipped: the
   * interval was published, or nothing is new.
   */
  async begin(plan: (reading: Reading) => Promise<Inputs>): Promise<Inputs> {
    const { interval } = this.#prepared.settings
    const reading = {
      ...(interval && { interval }),
      since: (name: string) => this.#kept?.since(name) ?? null,
    }
    this.#entry = this.#open().then(entry => {
      this.#kept = entry
      return entry
    })
    const claims = interval !== undefined || this.#exclusive
    if (claims) await this.#entry
    if (this.#kept?.already) throw alreadyPublished(this.#kept.already)
    const [inputs, entry] = await Promise.all([plan(reading), this.#entry])
    const news = entry?.planned({
      inputs: recordedInputs(inputs.objects),
      others: hashOfInputs(inputs.unmarked),
      marks: inputs.marks,
      empty: inputs.nothingMarked,
    })
    const { skipIf } = this.#prepared.definition
    if (news === false && skipIf === 'noNewData' && !this.#options.again && !this.retaken)
      throw new Skipped(
        'no new data',
        'no source has anything that the last published run had not read: nothing is published',
      )
    return inputs
  }

  /** The marks are written ahead. Throws resource: nothing may be published. */
  async publishing(report: RunReport): Promise<void> {
    await this.#kept?.publishing(stepOf(report))
  }

  async published({ receipts }: Outputs, report: RunReport): Promise<void> {
    await this.#kept?.published({ ...stepOf(report), loads: receipts })
  }

  /** What could not be written down of a run that was not published; null where all was. */
  async ended(report: RunReport, { visible }: Outputs): Promise<string | null> {
    try {
      const entry = await this.#entry
      const { status, error = null } = report
      if (entry && status !== 'done')
        await entry.ended(status, { step: stepOf(report), error, visible })
      return null
    } catch (error) {
      // That it cannot be begun is why the run failed.
      if (this.#kept === null) return null
      return `the run ledger does not say how the run ended: ${faultToJson(error).message}`
    }
  }

  /** Runs of the series come one after another: where each goes on is told by the last. */
  get #exclusive(): boolean {
    const { plan, definition } = this.#prepared
    const reads = plan.nodes.filter(n => is(n, 'read'))
    return definition.skipIf !== null || reads.some(n => n.op.source.markName !== undefined)
  }

  async #open(): Promise<LedgerEntry | null> {
    const { ledger = null, limit = null, again = false, params: raw = {} } = this.#options
    if (ledger === null || limit !== null) return null
    const { settings, plan, definition } = this.#prepared
    const { interval = null, runId, startedAt, fingerprint } = settings
    const exclusive = this.#exclusive
    if (ledger === 'none') {
      if (interval === null && !exclusive) return null
      throw new Fault('pipeline', `pipeline "${plan.name}" cannot run without a ledger`, {
        hint: 'it is published once an interval, or goes on from what it had read: leave out --ledger none',
      })
    }
    const params = parseParams(plan.name, definition.params, raw)
    return LedgerEntry.begin({
      values: ledger,
      run: {
        runId,
        pipeline: plan.name,
        series: seriesOf(plan.name, definition.params, params),
        interval,
        params: shownParams(definition.params, params),
        fingerprint,
        startedAt,
      },
      exclusive,
      again,
      lost: fault => this.#lost.abort(fault),
    })
  }
}

function alreadyPublished({ interval, runId, at }: Published): Skipped {
  const which = interval === null ? 'it' : `interval ${intervalText(interval)}`
  const note = `${which} was published by run ${runId} at ${timeText(at)}; --again publishes it anew`
  return new Skipped('already published', note)
}

const stepOf = (report: RunReport) => ({
  outputs: report.outputs,
  rows: { read: report.rows.read, written: report.rows.written },
  rejects: report.rejects.map(({ step, rows }) => ({ step, rows })),
})
