/** Generates the manual page (`man preq`) and the flag table of the guide from the flag table. */
import { BATCH_COMMANDS } from './batch/commands.ts'
import { COMMANDS } from './commands.ts'
import { EXAMPLES } from './examples.ts'
import { GROUPS } from './flag.ts'
import { FLAG_NAMES, flagOf } from './flags.ts'
import type { FlagName } from './flags.ts'
import { SECTIONS } from './manual-sections.ts'
import { PACKAGE_VERSION } from '../core/version.ts'
import { defaultOf, docOf } from './flag-text.ts'
import type { Flag } from './flag.ts'
import type { AnyOption } from '../config/option.ts'

/** The manual page in roff, see man(7). */
export function manualPage(): string {
  return `${[
    `.TH PREQ 1 "" "preq ${PACKAGE_VERSION}" "User Commands"`,
    '.SH NAME',
    String.raw`preq \- send any number of HTTP requests in parallel, within rate limits`,
    '.SH SYNOPSIS',
    '.B preq',
    String.raw`[\fIflags\fR] \fIURL\fR...`,
    '.br',
    '.B preq',
    String.raw`[\fIflags\fR] \fB\-i\fR \fIFILE\fR [\fITEMPLATE\fR]`,
    ...Object.entries(ARGUMENTS).flatMap(([name, takes]) => [
      '.br',
      `.B preq ${name}`,
      ...(takes === '' ? [] : [takes]),
    ]),
    '.SH COMMANDS',
    ...Object.entries({ ...COMMANDS, ...BATCH_COMMANDS }).flatMap(([name, doc]) => [
      '.TP',
      `.B ${name}`,
      sentence(doc),
    ]),
    ...SECTIONS.flatMap(({ title, paragraphs }) => [
      `.SH ${title}`,
      ...paragraphs.flatMap((text, at) => [...(at === 0 ? [] : ['.PP']), roff(text)]),
    ]),
    ...GROUPS.flatMap(group => [
      `.SH ${group.toUpperCase()}`,
      ...FLAG_NAMES.filter(name => flagOf(name).group === group).flatMap(manualEntry),
    ]),
    '.SH EXAMPLES',
    ...EXAMPLES.flatMap(({ what, line }) => ['.PP', sentence(what), '.PP', '.RS 4', '.nf', roff(line), '.fi', '.RE']),
    '.SH EXIT STATUS',
    ...EXITS.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, roff(meaning)]),
    '.SH ENVIRONMENT',
    roff(
      'Each flag has a variable: PREQ_ and its name in capitals, with _ for - (PREQ_MAX_LINE=64MiB for --max-line).',
    ),
    roff('Flags override variables, and variables override the configuration file. To undo a switch, write --no- and'),
    roff('its name (--no-quiet); if its name begins with no-, leave that out (--follow). NO_COLOR turns colours off.'),
    roff('Proxies of the environment are used with --proxy env only.'),
    '.SH FILES',
    '.TP',
    '.B preq.json',
    roff('In the working directory: an object of flags without their dashes.'),
  ].join('\n')}\n`
}

/** The arguments of each command. */
const ARGUMENTS: Readonly<Record<keyof typeof COMMANDS, string>> = {
  plan: String.raw`[\fIflags\fR] \fIURL\fR... | \fB\-i\fR \fIFILE\fR [\fITEMPLATE\fR]`,
  report: String.raw`[\fIflags\fR] \fIRUN\fR.jsonl`,
  demo: String.raw`[\fB\-\-serve\fR [\fB\-\-port\fR \fIN\fR]]`,
  doctor: '',
  completion: String.raw`\fIbash\fR|\fIzsh\fR|\fIfish\fR`,
}

/** The flag table as Markdown, group by group. */
export function flagTable(): string {
  return GROUPS.flatMap(group => [
    `### ${group}`,
    '',
    '| flag | default | meaning |',
    '|---|---|---|',
    ...FLAG_NAMES.filter(name => flagOf(name).group === group).map(flagRow),
    '',
  ])
    .join('\n')
    .trimEnd()
}

export const EXITS: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'Every request is ok.'],
  [
    '1',
    'Some requests failed, were not sent or could not be written, or the input failed. For preq plan: rows are invalid.',
  ],
  ['2', 'The command line or the input is invalid; nothing was sent.'],
  ['74', 'An output could not be written.'],
  ['129', 'Ended by SIGHUP: the terminal was closed.'],
  ['130', 'Interrupted: the first Ctrl-C lets requests in flight finish, the second one aborts them.'],
  ['141', 'The reader of standard output closed the pipe.'],
  ['143', 'Ended by SIGTERM.'],
]

/** The notes on a flag for `--help-all` and the manual. */
export function notesOf(name: FlagName): string[] {
  return notes(flagOf(name))
}

/** The same for a flag that is in no table. */
export function notes(flag: Flag, options?: Readonly<Record<string, AnyOption>>): string[] {
  const { more, choices, repeat } = flag
  const standard = defaultOf(flag, options)
  return [
    ...(more === undefined ? [] : [more]),
    ...(choices === undefined ? [] : [`One of ${choices.map(quoted).join(', ')}.`]),
    ...(standard === undefined ? [] : [`Default: ${standard}.`]),
    ...(repeat === true ? ['May be repeated.'] : []),
  ]
}

/** A sign would be lost between the commas of a list. */
const quoted = (choice: string): string => (/^\W$/.test(choice) ? `'${choice}'` : choice)

function manualEntry(name: FlagName): string[] {
  const { short, takes } = flagOf(name)
  const value = takes === undefined ? '' : String.raw` \fI${roff(takes)}\fR`
  const names = [...(short === undefined ? [] : [`-${short}`]), `--${name}`].map(
    flag => String.raw`\fB${roff(flag)}\fR`,
  )
  return ['.TP', `${names.join(', ')}${value}`, sentence(docOf(flagOf(name))), ...notesOf(name).map(roff)]
}

function flagRow(name: FlagName): string {
  const { short, takes, more, choices } = flagOf(name)
  const doc = docOf(flagOf(name))
  const standard = defaultOf(flagOf(name))
  const meaning = choices === undefined || takes?.includes('|') === true ? doc : `${doc}: ${choices.join(', ')}`
  const flag = `${short === undefined ? '' : `-${short}, `}--${name}${takes === undefined ? '' : ` ${takes}`}`
  const cells = [`\`${flag}\``, standard ?? '–', more === undefined ? meaning : `${meaning}. ${more}`]
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

const sentence = (text: string): string => roff(`${text[0]?.toUpperCase()}${text.slice(1)}.`)

/** Escapes backslashes, dashes and a first character that would start a roff request. */
function roff(text: string): string {
  return text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replace(/^([.'])/, String.raw`\&$1`)
}
