/**
 * Parses argv to a command and its arguments, without running it. Commander splits the flags; its errors are reworded
 * and get a suggestion for a misspelt name.
 */
import { Command, CommanderError, Option } from 'commander'
import { commandHelp } from './command-help.ts'
import type { CommandName } from './command-help.ts'
import { addBatchCommands, withBrokerFlags } from './batch/args.ts'
import type { BatchArgs, BatchFlags } from './batch/args.ts'
import { BATCH_COMMANDS, batchHelp, isBatchCommand } from './batch/commands.ts'
import { COMMANDS, SHELLS } from './commands.ts'
import type { Shell } from './commands.ts'
import { FLAG_NAMES, flagOf } from './flags.ts'
import type { FlagName } from './flags.ts'
import { flagAdvice } from './foreign-flags.ts'
import { help, helpAll } from './help.ts'
import { isStandardInputGiven } from './input/standard-input.ts'
import type { GivenFlags } from './settings.ts'
import { nearest } from '../config/names.ts'
import { PACKAGE_VERSION } from '../core/version.ts'

export type Args =
  | { readonly mode: 'run' | 'plan'; readonly urls: readonly string[]; readonly flags: GivenFlags }
  | { readonly mode: 'doctor' }
  | { readonly mode: 'demo'; readonly options: DemoFlags }
  | (BatchArgs & { readonly flags: GivenFlags })
  | { readonly mode: 'report'; readonly paths: readonly string[]; readonly options: ReportFlags }
  | { readonly mode: 'completion'; readonly shell: Shell }
  /** Help or version: stdout, exit code 0. */
  | { readonly mode: 'text'; readonly text: string }
  /** A usage error: stderr, exit code 2. */
  | { readonly mode: 'usage'; readonly text: string }

export function readArgs(argv: readonly string[]): Args {
  if (argv.length === 0 && !isStandardInputGiven()) return { mode: 'usage', text: help() }
  let args: Args | undefined
  const flags: [FlagName, string | true][] = []
  const program = quiet(new Command('preq'))
    .version(PACKAGE_VERSION, '-V, --version')
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
  subcommand(program, 'report')
    .argument('<files...>')
    .option('--har <file>')
    .option('--bodies')
    .action((paths: string[], own: ReportFlags) => void (args = reportArgs(paths, own, flags)))
  subcommand(program, 'demo')
    .option('--serve')
    .option('--port <value>')
    .action((options: DemoFlags) => void (args = demoArgs(options)))
  withBrokerFlags(subcommand(program, 'doctor')).action((own: BatchFlags) => void (args = doctorArgs(own, flags)))
  addBatchCommands(
    name => quiet(program.command(name)),
    command => addFlags(command, flags),
    batch => void (args = { ...batch, flags }),
  )
  subcommand(program, 'completion')
    .argument('<shell>')
    .action((shell: string) => void (args = completionFor(shell)))
  // Replaces commander's own `help` command, which fails and accepts any name.
  quiet(program.command('help', { hidden: true }))
    .argument('[command]')
    .action((name?: string) => void (args = { mode: 'text', text: helpFor(name) }))

  // Help flags work anywhere, even if the command line is invalid.
  if (argv.includes('--help-all')) return { mode: 'text', text: helpAll() }
  const until = argv.includes('--') ? argv.indexOf('--') : argv.length
  if (argv.slice(0, until).some(arg => arg === '--help' || arg === '-h')) {
    return { mode: 'text', text: helpFor(argv.find(arg => !arg.startsWith('-'))) }
  }
  try {
    program.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.version') return { mode: 'text', text: `${PACKAGE_VERSION}\n` }
    return usage(complaint(error))
  }
  return noCommand(args) ?? args ?? { mode: 'usage', text: help() }
}

/** The help of a command, or of `preq`. */
function helpFor(name: string | undefined): string {
  if (isBatchCommand(name)) return batchHelp(name)
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

/** Commander only splits flags and values. The values are read together with those of the other sources. */
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

const doctorArgs = (own: BatchFlags, flags: GivenFlags): Args =>
  own.broker === undefined ? { mode: 'doctor' } : { mode: 'batch', command: 'doctor', words: [], own, flags }

/** The flags of `preq demo`. */
export interface DemoFlags {
  serve?: true
  port?: string
}

function demoArgs(options: DemoFlags): Args {
  if (options.port === undefined || options.serve) return { mode: 'demo', options }
  return usage('--port: expected --serve beside it, got none.')
}

/** The flags of `preq report`. */
export interface ReportFlags {
  output?: string
  format?: string
  overwrite?: true
  har?: string
  bodies?: true
}

/** Flags that a run has as well. Commander gives them to the program, wherever they stand. */
const REPORT_FLAGS: readonly string[] = ['output', 'format', 'overwrite'] satisfies (keyof ReportFlags)[]

function reportArgs(paths: readonly string[], own: ReportFlags, flags: GivenFlags): Args {
  const options: Record<string, string | true> = { ...own }
  for (const [name, value] of flags) {
    if (!REPORT_FLAGS.includes(name)) return usage(`report: --${name} is a flag of a run. See preq report --help.`)
    if (options[name] !== undefined) return usage(`report: expected one --${name}, got several.`)
    options[name] = value
  }
  return { mode: 'report', paths, options }
}

/** Adds `--no-NAME`, which undoes a switch of the configuration file or the environment. The help does not list it. */
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

/** Refuses `preq dmeo`, and `preq paln URL`, which would send the requests that the user only wanted to see. */
function noCommand(args: Args | undefined): Args | undefined {
  if (args?.mode !== 'run') return undefined
  const [word = '', ...others] = args.urls
  // With --base-url, a word is a relative URL.
  if (!/^[\w-]+$/.test(word) || args.flags.some(([name]) => name === 'base-url')) return undefined
  const near = nearest(word, [...Object.keys(COMMANDS), ...Object.keys(BATCH_COMMANDS)])
  // Later, `checkArguments` decides whether the other words are URLs, because it knows the base.
  if (near === undefined && others.length > 0) return undefined
  return usage(`unknown command '${word}'. ${near === undefined ? '' : `Did you mean '${near}'? `}See preq --help.`)
}

const usage = (text: string): Args => ({ mode: 'usage', text: `preq: ${text}\n` })

/** Rewords a message of commander, which has the name of the flag in quotes. */
function complaint({ code, message }: CommanderError): string {
  const text = message.replace(/^error: /, '').replace(/ <value>'/, "'")
  const name = /'([^']*)'/.exec(text)?.[1] ?? ''
  const advice = code === 'commander.unknownOption' ? flagAdvice(name, undoFlags()) : undefined
  return `${text.replace(/\.$/, '')}. ${advice === undefined ? '' : `${advice} `}See preq --help.`
}

const undoFlags = (): string[] => FLAG_NAMES.flatMap(name => (flagOf(name).takes === undefined ? [undoOf(name)] : []))
