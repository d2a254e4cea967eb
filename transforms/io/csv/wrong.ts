/** An option that cannot be so. */
import { Fault } from '../../../engine/fault.ts'

export const wrong = (option: string, got: unknown, expected: string): Fault =>
  new Fault('pipeline', `option ${option}: expected ${expected}, got ${JSON.stringify(got)}`)
