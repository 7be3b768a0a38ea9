/**
 * argv → what is to be done. Validates, does nothing. Commander reads the flags of the table; what it refuses is said in
 * our words, with the name that was probably meant.
 */
import { Command, CommanderError, Option } from 'commander'
import { commandHelp } from './command-help.ts'
import type { CommandName } from './command-help.ts'
import { COMMANDS, SHELLS } from './commands.ts'
import type { Shell } from './commands.ts'
import { FLAG_NAMES, flagOf } from './flags.ts'
import type { FlagName } from './flags.ts'
import { flagAdvice } from './foreign-flags.ts'
import { help, helpAll } from './help.ts'
import { isStandardInputGiven } from './input/standard-input.ts'
import type { GivenFlags } from './settings.ts'
import { nearest } from '../config/names.ts'
import { VERSION } from '../core/version.ts'

export type Args =
  | { readonly mode: 'run' | 'plan'; readonly urls: readonly string[]; readonly flags: GivenFlags }
  | { readonly mode: 'demo' | 'doctor' }
  | { readonly mode: 'completion'; readonly shell: Shell }
  /** Was asked for: stdout, exit 0. */
  | { readonly mode: 'text'; readonly text: string }
  /** Was not understood: stderr, exit 2. */
  | { readonly mode: 'usage'; readonly text: string }

export function readArgs(argv: readonly string[]): Args {
  if (argv.length === 0 && !isStandardInputGiven()) return { mode: 'usage', text: help() }
  let args: Args | undefined
  const flags: [FlagName, string | true][] = []
  const program = quiet(new Command('preq'))
    .version(VERSION, '-V, --version')
    .option('-h, --help')
    .option('--help-all')
    .helpOption(false)
    .helpCommand(false)
    .argument('[urls...]')
    .action((urls: string[]) => void (args = { mode: 'run', urls, flags }))
  addFlags(program, flags)
  const plan = subcommand(program, 'plan').argument('[urls...]')
  plan.action((urls: string[]) => void (args = { mode: 'plan', urls, flags }))
  addFlags(plan, flags)
  subcommand(program, 'demo').action(() => void (args = { mode: 'demo' }))
  subcommand(program, 'doctor').action(() => void (args = { mode: 'doctor' }))
  subcommand(program, 'completion')
    .argument('<shell>')
    .action((shell: string) => void (args = completionFor(shell)))
  // Our own instead of commander's, which answers with a failure and takes any name.
  quiet(program.command('help', { hidden: true }))
    .argument('[command]')
    .action((name?: string) => void (args = { mode: 'text', text: helpOf(name) }))

  // Wherever they stand, so that a line which does not parse can still be asked about.
  if (argv.includes('--help-all')) return { mode: 'text', text: helpAll() }
  const until = argv.includes('--') ? argv.indexOf('--') : argv.length
  if (argv.slice(0, until).some(arg => arg === '--help' || arg === '-h')) {
    return { mode: 'text', text: helpOf(argv.find(arg => !arg.startsWith('-'))) }
  }
  try {
    program.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.version') return { mode: 'text', text: `${VERSION}\n` }
    return usage(complaint(error))
  }
  return noCommand(args) ?? args ?? { mode: 'usage', text: help() }
}

/** Of a command, or of all. */
function helpOf(name: string | undefined): string {
  return name !== undefined && Object.hasOwn(COMMANDS, name) ? commandHelp(name as CommandName) : help()
}

function subcommand(program: Command, name: keyof typeof COMMANDS): Command {
  return quiet(program.command(name))
}

function quiet(command: Command): Command {
  return command
    .showSuggestionAfterError(false)
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined, outputError: () => undefined })
}

/** Commander splits, names and counts; the values are read with those of the other layers. */
function addFlags(command: Command, flags: [FlagName, string | true][]): void {
  for (const name of FLAG_NAMES) {
    const { short, takes } = flagOf(name)
    const names = `${short === undefined ? '' : `-${short}, `}--${name}`
    const option = new Option(takes === undefined ? names : `${names} <value>`)
    // A switch has no value.
    option.argParser((value: string | undefined) => void flags.push([name, value ?? true]))
    command.addOption(option)
    if (takes === undefined) addUndo(command, name, flags)
  }
}

/** A switch of a configuration file or the environment is taken back by `--no-NAME`; not listed in helps. */
function addUndo(command: Command, name: FlagName, flags: [FlagName, string | true][]): void {
  const option = new Option(undoOf(name))
  option.argParser(() => void flags.push([name, 'false']))
  command.addOption(option)
}

const undoOf = (name: FlagName): string => (name.startsWith('no-') ? `--${name.slice('no-'.length)}` : `--no-${name}`)

function completionFor(shell: string): Args {
  const known = SHELLS.find(name => name === shell)
  if (known !== undefined) return { mode: 'completion', shell: known }
  return usage(`completion: expected ${SHELLS.join(', ')}, got '${shell}'.`)
}

/** `preq dmeo` is a command that was meant, and so is `preq paln URL`: it would send what was only to be looked at. */
function noCommand(args: Args | undefined): Args | undefined {
  if (args?.mode !== 'run') return undefined
  const [word = '', ...others] = args.urls
  // Relative to a base it is a URL.
  if (!/^[\w-]+$/.test(word) || args.flags.some(([name]) => name === 'base-url')) return undefined
  const near = nearest(word, Object.keys(COMMANDS))
  // Whether another is a URL is for those to say who know the base.
  if (near === undefined && others.length > 0) return undefined
  return usage(`unknown command '${word}'. ${near === undefined ? '' : `Did you mean '${near}'? `}See preq --help.`)
}

const usage = (text: string): Args => ({ mode: 'usage', text: `preq: ${text}\n` })

/** Subject, value, remedy; commander's message holds the name in quotes. */
function complaint({ code, message }: CommanderError): string {
  const text = message.replace(/^error: /, '').replace(/ <value>'/, "'")
  const name = /'([^']*)'/.exec(text)?.[1] ?? ''
  const advice = code === 'commander.unknownOption' ? flagAdvice(name, undoFlags()) : undefined
  return `${text.replace(/\.$/, '')}. ${advice === undefined ? '' : `${advice} `}See preq --help.`
}

const undoFlags = (): string[] => FLAG_NAMES.flatMap(name => (flagOf(name).takes === undefined ? [undoOf(name)] : []))
