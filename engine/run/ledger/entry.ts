/**
 * A run's entry in the ledger, from its claims to what it published:
 *
 *     begin        the record is written; a run with an interval claims it, one that reads from marks
 *                  on claims its series: of two such runs one works
 *     planned      how far the sources read, and whether anything is new
 *     publishing   the new marks are written ahead; from here on a rerun completes what was begun
 *     published    one write moves the marks and says that it was published; the rest follows from it
 *     ended        claims are given back, the record says how it ended
 */
import { Fault, type FaultJson } from '../../fault.ts'
import type { Marks, Published, RunRecord } from '../../io/ledger.ts'
import { intervalText } from '../../plan/interval.ts'
import { claimed, type EntryRequest, type Found, giveBack, nameOf } from './begin.ts'
import { LEASE } from './claims.ts'
import { type Planned, writtenRecord } from './record.ts'
import type { StateCell } from './state.ts'

type Step = Partial<RunRecord>

export class LedgerEntry {
  /** The interval was published by this run; there is nothing to do. */
  readonly already: Published | null
  /** A dead run may have published a part: what stands of the outputs may be replaced. */
  readonly retaken: boolean
  readonly #request: EntryRequest
  readonly #series: StateCell | null
  readonly #interval: StateCell | null
  readonly #before: Marks
  #record: RunRecord
  #planned: Planned | null = null
  #renewing: NodeJS.Timeout | null = null

  private constructor(request: EntryRequest, found: Found) {
    this.#request = request
    this.already = found.already
    this.retaken = found.retaken
    this.#series = found.series
    this.#interval = found.interval
    this.#before = found.before
    this.#record = found.record
  }

  /** Throws resource: another run is at work, an earlier one was not completed, the ledger cannot be used. */
  static async begin(request: EntryRequest): Promise<LedgerEntry> {
    const found = await claimed(request)
    const entry = new LedgerEntry(request, found)
    if (entry.already !== null) return entry
    try {
      await entry.#write({})
    } catch (error) {
      await giveBack(entry.#cells, found.retaken).catch(() => {})
      throw error
    }
    entry.#renew()
    return entry
  }

  /** Of an incremental source: from where it reads. */
  since(name: string): string | null {
    return this.#before[name] ?? null
  }

  get record(): RunRecord {
    return this.#record
  }

  /** False: no source has anything that the last published run of the series had not read. */
  planned(planned: Planned): boolean {
    this.#planned = planned
    this.#record = { ...this.#record, inputs: planned.inputs }
    const last = this.#series?.state.published ?? null
    const same = last !== null && last.inputs === planned.others
    const moved = Object.entries(planned.marks).some(([name, mark]) => mark !== this.#before[name])
    return !(same && (!moved || planned.empty))
  }

  /** Throws resource: the claim was lost, or the ledger cannot be written. Nothing was published then. */
  async publishing(step: Step): Promise<void> {
    this.#record = { ...this.#record, ...step, marks: this.#marks }
    const marks = this.#marks
    for (const cell of this.#cells) {
      const done = await cell.change(({ claim }) => ({
        claim: claim && { ...claim, stage: 'publishing', marks },
      }))
      if (!done) throw this.#lost()
    }
    if (this.#cells.length > 0) await this.#write({ status: 'publishing' })
  }

  /** Throws resource: the ledger cannot be written; the outputs are visible, and a rerun completes this. */
  async published(step: Step): Promise<void> {
    this.#stopRenewing()
    const published = this.#published()
    const series = this.#series
    if (series !== null) {
      const marks = this.#moves ? this.#marks.after : series.state.marks
      const done = await series.change(({ claim }) => ({
        marks,
        published: this.#moves ? published : series.state.published,
        claim: claim && { ...claim, stage: 'published' },
      }))
      if (!done) throw this.#lost()
    }
    if (this.#interval && !(await this.#interval.change(() => ({ published, claim: null }))))
      throw this.#lost()
    await this.#write({ ...step, status: 'published', endedAt: Date.now(), marks: this.#marks })
    if (series && !(await series.change(() => ({ claim: null })))) throw this.#lost()
  }

  /** `visible`: some of the outputs may be. Throws resource: the ledger cannot be written. */
  async ended(
    status: 'failed' | 'interrupted' | 'skipped',
    o: { step: Step; error: FaultJson | null; visible: boolean },
  ): Promise<void> {
    this.#stopRenewing()
    if (this.already !== null) return
    await giveBack(
      this.#cells.filter(cell => cell.claim?.runId === this.#record.runId),
      this.retaken || o.visible,
    )
    await this.#write({ ...o.step, status, error: o.error, endedAt: Date.now() })
  }

  get #cells(): StateCell[] {
    return [this.#series, this.#interval].filter(cell => cell !== null)
  }

  get #marks(): RunRecord['marks'] {
    return { before: this.#before, after: { ...this.#before, ...this.#planned?.marks } }
  }

  /** An interval that comes after a later one leaves the marks where they are. */
  get #moves(): boolean {
    const last = this.#series?.state.published?.interval ?? null
    const { interval } = this.#record
    return last === null || interval === null || interval.start >= last.start
  }

  #published(): Published {
    const { runId, interval, fingerprint } = this.#record
    return {
      runId,
      record: nameOf(this.#record),
      interval,
      at: Date.now(),
      fingerprint,
      inputs: this.#planned?.others ?? '',
      marksBefore: this.#before,
    }
  }

  async #write(step: Step): Promise<void> {
    this.#record = { ...this.#record, ...step }
    const { values } = this.#request
    await values.put(nameOf(this.#record), writtenRecord(this.#record))
  }

  #renew(): void {
    const { leaseMs, renewMs } = this.#request.times ?? LEASE
    if (this.#cells.length === 0) return
    let renewedMs = performance.now()
    const renew = async (): Promise<void> => {
      const until = Date.now() + leaseMs
      const renewed = this.#cells.map(cell =>
        cell.change(({ claim }) => ({ claim: claim && { ...claim, until } })),
      )
      try {
        const all = await Promise.all(renewed)
        if (all.every(done => done)) renewedMs = performance.now()
        else this.#request.lost(this.#lost())
      } catch (error) {
        // The ledger may come back; once the claim has run out another run may have it.
        if (performance.now() - renewedMs > leaseMs) this.#request.lost(error as Fault)
      }
    }
    let pending = false
    this.#renewing = setInterval(async () => {
      // On a slow disk they would wait behind one another.
      if (pending) return
      pending = true
      await renew()
      pending = false
    }, renewMs).unref()
  }

  #stopRenewing(): void {
    if (this.#renewing !== null) clearInterval(this.#renewing)
    this.#renewing = null
  }

  #lost(): Fault {
    this.#stopRenewing()
    const { pipeline, interval } = this.#record
    const its = interval === null ? '' : ` of interval ${intervalText(interval)}`
    return new Fault('resource', `the claim${its} of ${pipeline} was taken over by another run`, {
      detail: [`ledger  ${this.#request.values.uri}`],
      hint: 'this machine had not renewed it in time: see millrace runs, then run again',
    })
  }
}
