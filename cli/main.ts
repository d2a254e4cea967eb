/** The `millrace` command: finds the subcommand, runs it, and turns what happens into an exit code. */
import { Fault } from '../engine/fault.ts'
import { UsageError } from './arguments.ts'
import { COMMANDS, usage } from './commands.ts'

const DONE = 0
const FAILED = 1
const WRONG_USAGE = 2

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage())
    return name === undefined ? WRONG_USAGE : DONE
  }
  const command = COMMANDS.get(name)
  if (!command)
    throw new UsageError(
      `command ${JSON.stringify(name)} does not exist`,
      [...COMMANDS.keys()],
      name,
    )
  return command.run(rest)
}

main(process.argv.slice(2)).then(
  code => {
    process.exitCode = code
  },
  (error: unknown) => {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n`)
      process.exitCode = WRONG_USAGE
      return
    }
    const text = error instanceof Fault ? error.render() : String((error as Error)?.stack ?? error)
    process.stderr.write(`${text}\n`)
    process.exitCode = error instanceof Fault && error.kind === 'pipeline' ? WRONG_USAGE : FAILED
  },
)
