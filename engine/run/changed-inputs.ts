/**
 * Inputs that change while they are read: the rows could be of neither the old file nor the new one, so
 * the run fails. Looked at when a stage has read all of its inputs, and when reading one of them failed.
 */
import type { Stage } from '../compile/stages.ts'
import { Fault } from '../fault.ts'
import type { PlannedInput } from '../io/source.ts'
import { is } from '../plan/node.ts'

const SHOWN = 5

/** The fault for the stage's inputs that are no longer as planned; null where they all are. `first`: what went wrong with them. */
export function changedInputs(
  { head }: Stage,
  listed: readonly PlannedInput[],
  first?: Fault,
): Fault | null {
  if (!is(head, 'read')) return null
  const { source } = head.op
  const found = listed.flatMap(input => {
    const how = source.changed?.(input) ?? null
    return how === null ? [] : [`${input.uri}: ${how}`]
  })
  const [one] = found
  if (one === undefined) return null
  const more = found.length > 1 ? ` (and ${found.length - 1} more)` : ''
  return new Fault('data', `${one}, while it was read${more}`, {
    at: head.at,
    detail: [
      ...found.slice(1, SHOWN).map(line => `also  ${line}`),
      ...(first ? [`first ${first.message}`] : []),
    ],
    hint: 'run it again once nobody writes to its inputs any more, or read a copy',
    ...(first ? { cause: first } : {}),
  })
}
