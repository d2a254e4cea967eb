/**
 * Looks after the jobs of worker threads: tells which one shows no progress, and ends the thread of
 * one that takes longer than it may. Where the thread is, its profile says: V8 takes one also of a
 * loop that never ends.
 */
import type { Worker } from 'node:worker_threads'
import { Fault } from '../fault.ts'
import type { Pulse } from './pulse.ts'
import { type Place, placeOf } from './thread-place.ts'

const LOOK_MS = 250
export const STUCK_AFTER_MS = 30_000

export interface WatchdogOptions {
  /** What a task may take; null: as long as it takes. */
  readonly taskTimeoutMs: number | null
  /** Without progress for so long, it is told; and again each time that it has doubled. */
  readonly stuckAfterMs: number
  /** A job shows no progress: `text` says which, for how long, and where in the user's code it is. */
  stuck(text: string): void
}

export interface Watched {
  /** Why its thread was ended; null where it was not. */
  readonly overdue: Fault | null
  end(): void
}

class Job implements Watched {
  readonly name: string
  readonly pulse: Pulse
  startedMs = -1
  beats = -1
  beatMs = 0
  tellMs = 0
  overdue: Fault | null = null
  ending = false
  readonly #done: (job: Job) => void

  constructor(name: string, pulse: Pulse, done: (job: Job) => void) {
    this.name = name
    this.pulse = pulse
    this.#done = done
  }

  end(): void {
    this.#done(this)
  }
}

export class Watchdog {
  readonly #o: WatchdogOptions
  readonly #threadOf: (id: number) => Worker | undefined
  readonly #jobs = new Set<Job>()
  #timer: NodeJS.Timeout | null = null

  constructor(o: WatchdogOptions, threadOf: (id: number) => Worker | undefined) {
    this.#o = o
    this.#threadOf = threadOf
  }

  /** `name` says the job to a person. Its time begins when a thread takes it up. */
  watch(name: string, pulse: Pulse): Watched {
    const job = new Job(name, pulse, done => {
      this.#jobs.delete(done)
      if (this.#jobs.size === 0) this.close()
    })
    this.#jobs.add(job)
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS)
    return job
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #look(): void {
    const now = performance.now()
    for (const job of this.#jobs) {
      const { pulse } = job
      if (pulse.thread === 0 || job.ending) continue
      if (job.startedMs < 0) job.startedMs = now
      if (pulse.beats !== job.beats) {
        job.beats = pulse.beats
        job.beatMs = now
        job.tellMs = this.#o.stuckAfterMs
      }
      const { taskTimeoutMs } = this.#o
      if (taskTimeoutMs !== null && now - job.startedMs >= taskTimeoutMs) {
        job.ending = true
        void this.#stop(job, taskTimeoutMs)
      } else if (now - job.beatMs >= job.tellMs) {
        const waited = job.tellMs
        job.tellMs *= 2
        void this.#tell(job, waited)
      }
    }
  }

  async #tell(job: Job, waitedMs: number): Promise<void> {
    const place = await this.#placeOf(job)
    if (!this.#jobs.has(job)) return
    this.#o.stuck(`${job.name} shows no progress for ${secondsOf(waitedMs)}: ${told(place)}`)
  }

  /** A loop in the user's code comes again each time; waiting for something outside may not. */
  async #stop(job: Job, limitMs: number): Promise<void> {
    const place = await this.#placeOf(job)
    if (!this.#jobs.has(job)) return
    const looping = place?.at !== undefined
    job.overdue = new Fault(
      looping ? 'pipeline' : 'resource',
      `${job.name} took longer than ${secondsOf(limitMs)}, which is all that it may take`,
      {
        ...(looping ? { at: place.at } : {}),
        detail: [`then  ${told(place)}`],
        hint: looping
          ? 'does a loop of yours end for every row? else allow more with --task-timeout'
          : 'does what it waits for answer? else allow more with --task-timeout',
      },
    )
    await this.#threadOf(job.pulse.thread)?.terminate()
  }

  async #placeOf({ pulse }: Job): Promise<Place | null> {
    const thread = this.#threadOf(pulse.thread)
    return thread === undefined ? null : placeOf(thread)
  }
}

function told(place: Place | null): string {
  if (place === null) return 'its thread does not say where it is'
  if (place.at !== undefined) return `it is in ${place.at}`
  return place.idle ? 'it waits for something outside' : 'it is in the engine itself'
}

const secondsOf = (ms: number): string => `${Math.round(ms / 100) / 10} s`
