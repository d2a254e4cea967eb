/** What an attempt at a task left in the run's scratch folder as its thread died: nobody will read it. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TaskSpec } from './protocol.ts'

/** Names are made in `task-runner.ts` (its folder), `task.ts` (exchange) and `writes.ts` (fragments). */
export function removeAttempt(scratch: string, { stage, index, attempt }: TaskSpec): void {
  const name = `${stage}-${index}-${attempt}-`
  const ours = new RegExp(`^(?:task-\\d+-|x-\\d+-|f-\\d+-\\d+-)${name}`)
  for (const entry of readdirSync(scratch))
    if (ours.test(entry)) rmSync(join(scratch, entry), { recursive: true, force: true })
}
