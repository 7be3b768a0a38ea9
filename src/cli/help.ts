/** The texts of `--help` (one screen) and `--help-all`, generated from the table of flags. */
import { BATCH_COMMANDS } from './batch/commands.ts'
import { COMMANDS } from './commands.ts'
import { EXAMPLES } from './examples.ts'
import { EXITS, notesOf } from './manual.ts'
import { GROUPS } from './flag.ts'
import { FLAG_NAMES, flagOf } from './flags.ts'
import type { FlagName } from './flags.ts'
import { docOf } from './flag-text.ts'
import type { Flag } from './flag.ts'
import type { AnyOption } from '../config/option.ts'

const USAGE = `Usage: preq [flags] URL…                request these URLs; print JSON lines
       preq [flags] -i FILE [TEMPLATE]  a request per row: 'https://x.org/{id}'
`

const HEAD = 'Sends any number of HTTP requests in parallel, within rate limits, without\nlosing results.\n'

const ELSEWHERE = `
Each flag can also be set by an environment variable (PREQ_MAX_LINE=64MiB is
--max-line 64MiB), or in preq.json in the working directory:
{"max-line": "64MiB"}.
`

export function help(): string {
  const lines = FLAG_NAMES.filter(name => flagOf(name).common === true).map(name => flagLine(name))
  return `${HEAD}\n${USAGE}\n${commands()}\nThe most common flags (--help-all shows all, with examples):\n${lines.join('')}\
${helpEntry('-h, --help', 'this help')}${helpEntry('-V, --version', 'the version')}`
}

export function helpAll(): string {
  const groups = GROUPS.map(group => {
    const names = FLAG_NAMES.filter(name => flagOf(name).group === group)
    return `\n${group}:\n${names.map(name => `${flagLine(name)}${rest(name)}`).join('')}`
  })
  return `${HEAD}\n${USAGE}\n${commands()}${ELSEWHERE}${groups.join('')}\nExamples:\n${examples()}\nExit codes:\n${EXITS.map(([code, meaning]) => helpEntry(code, meaning)).join('')}`
}

function commands(): string {
  const lines = Object.entries(COMMANDS).map(([name, doc]) => helpEntry(name, doc))
  const others = wrap(Object.keys(BATCH_COMMANDS).join(', '), WIDTH - 2).join('\n  ')
  return `Commands (preq COMMAND --help explains one):\n${lines.join('')}\nCommands for a batch over many machines:\n  ${others}\n`
}

/** Each example is below its description, because both do not fit on one line. */
const examples = (): string => EXAMPLES.map(({ what, line }) => `  ${what}:\n    ${line}\n`).join('')

function flagLine(name: FlagName): string {
  return helpOf(name, flagOf(name))
}

/** A line of `--help`. @param options of the library, whose words it may have */
export function helpOf(name: string, flag: Flag, options?: Readonly<Record<string, AnyOption>>): string {
  const { short, takes } = flag
  const flags = `${short === undefined ? '    ' : `-${short}, `}--${name}${takes === undefined ? '' : ` ${takes}`}`
  return helpEntry(flags, docOf(flag, options))
}

function rest(name: FlagName): string {
  const notes = notesOf(name)
  if (notes.length === 0) return ''
  return wrap(notes.join(' '), WIDTH - HELP_INDENT)
    .map(text => `${' '.repeat(HELP_INDENT)}${text}\n`)
    .join('')
}

const HELP_INDENT = 26
/** As wide as a terminal is by default. */
const WIDTH = 80

function helpEntry(flags: string, doc: string): string {
  const start = `  ${flags}`
  const text = wrap(doc, WIDTH - HELP_INDENT).join(`\n${' '.repeat(HELP_INDENT)}`)
  return start.length < HELP_INDENT
    ? `${start.padEnd(HELP_INDENT)}${text}\n`
    : `${start}\n${' '.repeat(HELP_INDENT)}${text}\n`
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
