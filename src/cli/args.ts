/**
 * argv → what is to be done. Validates, does nothing. Commander reads the flags; what it refuses is said in our words,
 * with the name that was probably meant.
 */
import { Command, CommanderError } from 'commander'
import { nearest } from '../config/names.ts'
import { VERSION } from '../core/version.ts'

export type Args =
  | { readonly mode: 'demo' }
  /** Was asked for: stdout, exit 0. */
  | { readonly mode: 'text'; readonly text: string }
  /** Was not understood: stderr, exit 2. */
  | { readonly mode: 'usage'; readonly text: string }

export function readArgs(argv: readonly string[]): Args {
  let args: Args | undefined
  let printed = ''
  const program = new Command('preq')
    .description('Any number of HTTP requests in, typed results out: parallel, polite, and with nothing lost.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({
      writeOut: text => (printed += text),
      writeErr: text => (printed += text),
      outputError: () => undefined,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
  program
    .command('demo')
    .description('fetch 300 records from a small API on this machine, and watch')
    .action(() => {
      args = { mode: 'demo' }
    })
  // Our own instead of commander's, which answers with a failure and takes any name.
  program.command('help', { hidden: true }).action(() => {
    args = { mode: 'text', text: program.helpInformation() }
  })

  try {
    program.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.help') return { mode: 'usage', text: printed }
    if (error.exitCode === 0) return { mode: 'text', text: printed }
    return { mode: 'usage', text: `preq: ${complaint(error, program)}\n` }
  }
  return args ?? { mode: 'usage', text: program.helpInformation() }
}

/** Subject, value, remedy; commander's message holds the name in quotes. */
function complaint({ code, message }: CommanderError, program: Command): string {
  const text = message.replace(/^error: /, '')
  const name = /'([^']*)'/.exec(text)?.[1] ?? ''
  const near = nearest(name, knownNames(code, program))
  return `${text.replace(/\.$/, '')}. ${near === undefined ? '' : `Did you mean '${near}'? `}See preq --help.`
}

function knownNames(code: string, program: Command): readonly string[] {
  const commands = [program, ...program.commands]
  if (code === 'commander.unknownCommand') return program.commands.map(command => command.name())
  if (code !== 'commander.unknownOption') return []
  return [...new Set(commands.flatMap(command => command.createHelp().visibleOptions(command)))].flatMap(option =>
    [option.long, option.short].filter(flag => flag !== undefined),
  )
}
