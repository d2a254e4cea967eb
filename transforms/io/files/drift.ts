/** What becomes of files of a set that differ from the schema, and what the run's summary says of them. */
import { wrong } from '../csv/wrong.ts'

export interface FileChoices {
  /**
   * What becomes of a file that lacks columns of the schema. 'fail': the run fails. 'widen': columns
   * that may be null are null in its rows; one that may not is for `onFile`. 'reject': its rows go to
   * `.rejects`. Columns that the schema lacks are left aside by each. Default: 'fail'.
   */
  readonly drift?: 'fail' | 'widen' | 'reject'
  /**
   * What becomes of a file whose start cannot be read: it is of another format, its header is wrong.
   * 'quarantine': it is left out, and the summary names it. Damage behind the start fails the run by
   * either. Default: 'fail'.
   */
  readonly onFile?: 'fail' | 'quarantine'
}

export interface Drift {
  readonly drift: 'fail' | 'widen' | 'reject'
  readonly onFile: 'fail' | 'quarantine'
}

/** Null where all is to fail, as ever. Throws pipeline: an option has an impossible value. */
export function driftOf({ drift = 'fail', onFile = 'fail' }: FileChoices): Drift | null {
  if (!['fail', 'widen', 'reject'].includes(drift))
    throw wrong('drift', drift, "'fail', 'widen' or 'reject'")
  if (onFile !== 'fail' && onFile !== 'quarantine')
    throw wrong('onFile', onFile, "'fail' or 'quarantine'")
  return drift === 'fail' && onFile === 'fail' ? null : { drift, onFile }
}

/** Files and reasons that are named; of the others their number is told. */
const SHOWN = 20
const COLUMNS_SHOWN = 5

/** Of each kind of verdict the files: the first is named, the others are counted. */
export class Verdicts {
  readonly #groups = new Map<string, { first: string; what: string; count: number }>()
  readonly #quarantined: { path: string; why: string }[] = []
  #quarantines = 0

  /** `rejected`: its rows go to rejects. */
  lacks(path: string, missing: readonly string[], rejected: boolean): void {
    const shown = missing.slice(0, COLUMNS_SHOWN).map(name => JSON.stringify(name))
    const more = missing.length > COLUMNS_SHOWN ? ` and ${missing.length - COLUMNS_SHOWN} more` : ''
    const fate = rejected ? 'its rows are rejects' : 'null in its rows'
    const what = `columns that it lacks: ${shown.join(', ')}${more}: ${fate}`
    const known = this.#groups.get(what)
    if (known) known.count++
    else this.#groups.set(what, { first: path, what, count: 1 })
  }

  quarantined(path: string, why: string): void {
    this.#quarantines++
    if (this.#quarantined.length < SHOWN) this.#quarantined.push({ path, why })
  }

  lines(): string[] {
    const groups = [...this.#groups.values()]
    const lines = groups.slice(0, SHOWN).map(({ first, what, count }) => {
      const others = count > 1 ? ` and ${count - 1} other file${count > 2 ? 's' : ''}` : ''
      return `${first}${others}: ${what}`
    })
    const rest = groups.slice(SHOWN).reduce((sum, { count }) => sum + count, 0)
    if (rest > 0) lines.push(`${rest} more files lack columns`)
    for (const { path, why } of this.#quarantined) lines.push(`${path} is left out: ${why}`)
    const left = this.#quarantines - this.#quarantined.length
    if (left > 0) lines.push(`${left} more files are left out`)
    return lines
  }
}
