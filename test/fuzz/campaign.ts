/** Runs one kind of random case from seed to seed, for a while, and gathers the seeds that fail. */
export interface Fuzz {
  readonly name: string
  /** Runs the case of a seed; answers in a word what came of it. Throws: it failed. */
  check(seed: number): Promise<string>
  /** What a person should know of the case, and a smaller one that fails too, where that is cheap. */
  describe(seed: number): Promise<string>
}

export interface Campaign {
  readonly runs: number
  readonly next: number
  /** How many cases had each outcome. */
  readonly outcomes: ReadonlyMap<string, number>
  /** Of each failed one: the command that repeats it, the case, the error. */
  readonly failed: readonly string[]
}

const FAILURES_MAX = 10
/** A case that hangs would never be told. */
const CASE_MS_MAX = 120_000

/** Cases from `seed` on, until the seconds or the runs are over, or ten have failed. */
export async function campaign(
  fuzz: Fuzz,
  o: { seed: number; seconds?: number; runs?: number },
): Promise<Campaign> {
  const { seconds = Number.POSITIVE_INFINITY, runs: most = Number.POSITIVE_INFINITY } = o
  const until = performance.now() + seconds * 1000
  const outcomes = new Map<string, number>()
  const failed: string[] = []
  let runs = 0
  for (; runs < most && failed.length < FAILURES_MAX; runs++) {
    if (runs > 0 && performance.now() >= until) break
    const seed = o.seed + runs
    try {
      const outcome = await inTime(fuzz.check(seed))
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    } catch (error) {
      const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
      failed.push(`${repeating(fuzz, seed)}\n${await fuzz.describe(seed)}\n${told.slice(0, 1500)}`)
    }
  }
  return { runs, next: o.seed + runs, outcomes, failed }
}

const repeating = ({ name }: Fuzz, seed: number): string =>
  `node --conditions=millrace-source test/fuzz/run.ts --only ${name} --seed ${seed} --runs 1`

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const hung = () => reject(new Error(`no answer within ${CASE_MS_MAX / 1000} s`))
    timer = setTimeout(hung, CASE_MS_MAX)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** `12 runs to seed 12: 7 queried, 5 ran` */
export const summaryOf = ({ runs, next, outcomes }: Campaign): string =>
  `${runs} runs to seed ${next - 1}: ${[...outcomes].map(([name, n]) => `${n} ${name}`).join(', ')}`
