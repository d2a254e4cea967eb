/** Objects that are not as a commit needs them: another one under the name, or none where one was sent. */
import { Fault, redactUri } from '../../../engine/fault.ts'

/** `standing`: what tells it from ours. */
export function inTheWay(uri: string, standing: string): Fault {
  return new Fault('data', `another object stands at ${redactUri(uri)}: nothing was replaced`, {
    detail: [`there  ${standing}`],
    hint: 'somebody else writes to this output: remove the object, or write to another folder',
  })
}

export function notThere(uri: string, cause: unknown): Fault {
  return new Fault('resource', `what was sent for ${redactUri(uri)} is gone before it was shown`, {
    cause,
    hint: 'a lifecycle rule, a clean-up or another run removed it: run again, which sends it anew',
  })
}
