/** The `millrace` command: finds the subcommand, runs it, and turns what happens into an exit code. */
import { createRequire } from 'node:module'
import { Fault, faultToJson } from '../engine/fault.ts'
import { UsageError } from './arguments.ts'
import { COMMANDS, usage, usageOf } from './commands.ts'
import { bareReport } from './bare-report.ts'
import { quietWarnings } from './warnings.ts'

const DONE = 0
const FAILED = 1
const WRONG_USAGE = 2

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || isHelp(name) || name === 'help') {
    process.stdout.write(usage())
    return name === undefined ? WRONG_USAGE : DONE
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${version()}\n`)
    return DONE
  }
  const command = COMMANDS.get(name)
  if (!command)
    throw new UsageError(
      `command ${JSON.stringify(name)} does not exist`,
      [...COMMANDS.keys()],
      name,
    )
  if (rest.some(isHelp)) {
    process.stdout.write(usageOf(command))
    const [module] = rest.filter(word => !word.startsWith('-'))
    if (command.takesModule && module !== undefined) {
      const { parametersOf } = await import('./parameters.ts')
      process.stdout.write(`\n${await parametersOf(module, null)}`)
    }
    return DONE
  }
  return command.run(rest)
}

const isHelp = (word: string): boolean => word === '--help' || word === '-h'

/** The package's. */
function version(): string {
  const { version: own } = createRequire(import.meta.url)('millrace/package.json')
  return `millrace ${own} (Node ${process.versions.node})`
}

/** What went wrong before a run could begin, or in another command. */
function fail(error: unknown, argv: readonly string[]): number {
  const fault =
    error instanceof Fault ? error : new Fault('engine', String((error as Error)?.stack ?? error))
  if (argv[0] === 'run' && argv.includes('--json'))
    process.stdout.write(`${JSON.stringify(bareReport('failed', { error: faultToJson(fault) }))}\n`)
  process.stderr.write(`${fault.render()}\n`)
  return fault.kind === 'pipeline' ? WRONG_USAGE : FAILED
}

// `millrace explain … | head`: the reader has gone, there is nobody to tell.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
  })

quietWarnings()
const argv = process.argv.slice(2)
process.exitCode = await main(argv).catch(error => fail(error, argv))
