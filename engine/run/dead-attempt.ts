/** What an attempt at a task left in the run's scratch folder as its thread died: nobody will read it. */
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { TaskSpec } from './protocol.ts'

/**
 * Answers the bytes of spill files among it. Names are made in `task-runner.ts` (its folder), `task.ts`
 * (exchange) and `writes.ts` (fragments).
 */
export function removeAttempt(scratch: string, { stage, index, attempt }: TaskSpec): number {
  const name = `${stage}-${index}-${attempt}-`
  const ours = new RegExp(`^(?:task-\\d+-|x-\\d+-|f-\\d+-\\d+-)${name}`)
  const left = readdirSync(scratch).filter(entry => ours.test(entry))
  const files = left.flatMap(entry =>
    entry.startsWith('task-')
      ? readdirSync(join(scratch, entry)).map(file => join(entry, file))
      : [entry],
  )
  const spilled = files.filter(file => file.endsWith('.spill'))
  const bytes = spilled.reduce((sum, file) => sum + statSync(join(scratch, file)).size, 0)
  for (const entry of left) rmSync(join(scratch, entry), { recursive: true, force: true })
  return bytes
}
