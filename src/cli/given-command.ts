/**
 * The command line of this run with other flags, for people to copy. It shows no secret: a command that holds one is
 * described instead ("the same command with …").
 */
import { flagOf } from './flags.ts'
import type { FlagName } from './flags.ts'
import type { GivenFlags } from './settings.ts'
import { shellWord } from './shell-word.ts'
import { isSecretName, isSecretQueryName } from '../core/headers.ts'
import { redacted } from '../core/secrets.ts'
import { printableUrl } from '../core/url.ts'

/** A longer command is described instead of printed. */
const MAX_LENGTH = 2_000

export interface GivenCommand {
  readonly urls: readonly string[]
  readonly flags: GivenFlags
  /** Whether rows come from standard input, which is read by now. */
  readonly isPiped: boolean
  /** The names of `--secret-name`, in lower case. */
  readonly secretNames: ReadonlySet<string> | undefined
}

type Added = readonly (readonly [FlagName, string | true])[]

/**
 * Flags for the start and the display of a run, which each command sets anew. A limit of failures is dropped as well, so
 * that it does not end the next run early.
 */
const OF_ONE_RUN: ReadonlySet<FlagName> = new Set([
  ...(['fail-fast', 'max-failures'] as const),
  ...(['resume', 'overwrite', 'retry-failed', 'retry-only', 'verbose', 'quiet'] as const),
  ...(['no-progress', 'json-progress'] as const),
])

/** The complete command, or "the same command with" the added flags. An added flag replaces a given one of the same name. */
export function commandWith({ urls, flags, isPiped, secretNames }: GivenCommand, added: Added): string {
  const names = new Set(added.map(([name]) => name))
  const kept = flags.filter(([name]) => !OF_ONE_RUN.has(name) && !names.has(name))
  const more = added.flatMap(wordsOf).map(shellWord).join(' ')
  const isOpen = kept.every(flag => isPrintable(flag, secretNames)) && urls.every(url => isOpenText(url, secretNames))
  const whole = ['preq', ...[...urls, ...kept.flatMap(wordsOf)].map(shellWord), more].join(' ')
  return isOpen && !isPiped && whole.length <= MAX_LENGTH ? whole : `the same command with ${more}`
}

function wordsOf([name, value]: readonly [FlagName, string | true]): string[] {
  const { short, takes } = flagOf(name)
  if (takes === undefined) return value === 'false' ? [`--no-${name}`.replace(/^--no-no-/, '--')] : [`--${name}`]
  const text = String(value)
  // A value that looks like a flag must be joined with "=".
  if (text.startsWith('-') && text !== '-') return [`--${name}=${text}`]
  return [short === undefined ? `--${name}` : `-${short}`, text]
}

/** Secrets that are read from the environment or a file are not in the command. */
const REFERS = /^(?:env:|@)/
/** A short flag or a long one of curl whose value is a credential. */
const OF_CURL = /(?:^|\s)-(?:[a-zA-Z]*[ubU]\b|-(?:user|proxy-user|cookie|oauth2-bearer))/

type IsShown = (value: string, names: ReadonlySet<string> | undefined) => boolean

const refers: IsShown = value => REFERS.test(value)
/** `NAME=VALUE` or `NAME: VALUE` */
const named =
  (isSecret: typeof isSecretName): IsShown =>
  (value, names) => {
    const [name = '', rest = ''] = value.split(/[=:](.*)/s)
    return !isSecret(name.trim(), names) && isOpenText(rest, names)
  }

const isShownHeader: IsShown = (value, names) => REFERS.test(value) || named(isSecretName)(value, names)

/** Flags that may hold a secret, besides what any text may hold. */
const SHOWN: Partial<Record<FlagName, IsShown>> = {
  auth: refers,
  bearer: refers,
  'token-command': () => false,
  'oauth-client': refers,
  'oauth-refresh-token': refers,
  'tls-passphrase': refers,
  cookie: () => false,
  curl: (value, names) => !OF_CURL.test(value) && isOpenText(value, names),
  header: isShownHeader,
  'then-header': isShownHeader,
  param: named(isSecretQueryName),
  form: named(isSecretName),
  multipart: named(isSecretName),
}

const isPrintable = ([name, value]: readonly [FlagName, string | true], names?: ReadonlySet<string>): boolean =>
  value === true || (SHOWN[name] ?? isOpenText)(value, names)

const SECRET_HEADER = /(?:authorization|cookie|bearer|basic|token|secret|passw\w*|api-?key)\s*[:=\s]\s*\S/i

function isOpenText(text: string, names: ReadonlySet<string> | undefined): boolean {
  return printableUrl(text, names) === text && redacted(text, [], names) === text && !SECRET_HEADER.test(text)
}
