/** The engine's process ended without a report: what that means, and how to go on. */
import { Fault, wordsWithoutSecrets } from '../engine/fault.ts'
import type { Ended } from './engine-process.ts'

interface Death {
  readonly ended: Ended
  /** The steps of each stage that was running. */
  readonly running: readonly string[]
  readonly argv: readonly string[]
  readonly engine: { readonly dump: string }
}

/** V8 aborted, the system killed it, or the user's code ended it. */
export function deathOf({ ended, running, argv, engine }: Death): Fault {
  const how = ended.signal === null ? `exit code ${ended.code}` : `signal ${ended.signal}`
  const step = running.length === 0 ? '' : ` in ${running.join(', or ')}`
  const fatal = /FATAL ERROR: (.*)|# (Fatal .*)/.exec(engine.dump)
  const aborted = ended.signal !== null || ended.code === 134 || fatal !== null
  const message = `the engine's process died (${how})${step}`
  const command = `run it again, which completes this run: ${commandOf(argv)}`
  if (!aborted)
    return new Fault('pipeline', message, {
      detail: [
        'something in the pipeline’s module, or in a package that it imports, ends the process',
      ],
      hint: `leave out process.exit(), then ${command}`,
    })
  const memory = ended.signal !== 'SIGKILL' || fatal !== null
  return new Fault('resource', message, {
    detail: [
      ...(fatal ? [`V8    ${(fatal[1] ?? fatal[2] ?? '').trim()}`] : []),
      memory
        ? 'a Map, Set or array in user code that grows without bound overflows V8’s heap'
        : 'the system ended it, or someone did: where memory ran out, give it less with --memory or fewer --workers',
    ],
    hint: memory
      ? `bound what the function keeps, or give V8 more (NODE_OPTIONS=--max-old-space-size=<MB>); ${command}`
      : command,
  })
}

export const stoppedAtOnce = (argv: readonly string[], resumable: boolean): Fault =>
  new Fault('resource', 'the run was stopped at once', {
    hint: resumable
      ? `go on where it was: ${commandOf(argv)}`
      : `its unfinished folders are removed when you run it again: ${commandOf(argv)}`,
  })

/** The command as a shell takes it; what is secret in it is to be filled in again. */
export function commandOf(argv: readonly string[]): string {
  const quoted = (word: string): string =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
  return ['millrace', 'run', ...wordsWithoutSecrets(argv)].map(quoted).join(' ')
}
