/** One way to refuse what the author of a pipeline wrote: subject first, then where, what there is, what to do. */
import { Fault, nearestName } from '../fault.ts'

export interface Refusal {
  /** The user's call site and verb; empty where there is none. */
  at?: string
  /** The names there are. */
  have?: readonly string[]
  /** The name that was given: the nearest of `have` becomes the hint, unless there is one. */
  near?: string
  detail?: readonly string[]
  hint?: string | undefined
}

const NAMES_SHOWN = 40

/** Throws a `pipeline` fault. */
export function refuse(message: string, refusal: Refusal = {}): never {
  const { at, have, near, detail = [], hint } = refusal
  const shown = have?.slice(0, NAMES_SHOWN).join(' ')
  const lines =
    shown === undefined ? [] : [`have  ${shown}${have && have.length > NAMES_SHOWN ? ' …' : ''}`]
  const nearest = near === undefined || !have ? undefined : nearestName(near, have)
  const advice = hint ?? (nearest === undefined ? undefined : `did you mean ${quote(nearest)}?`)
  throw new Fault('pipeline', message, {
    detail: [...lines, ...detail],
    ...(at ? { at } : {}),
    ...(advice === undefined ? {} : { hint: advice }),
  })
}

/** A name from the user as a message shows it. */
export const quote = (name: unknown): string => {
  const text = typeof name === 'string' ? JSON.stringify(name) : String(name)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
