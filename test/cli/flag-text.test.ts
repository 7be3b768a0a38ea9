import { expect, test } from 'vitest'
import { taking } from '../../src/cli/flag.ts'
import type { Flag } from '../../src/cli/flag.ts'
import { defaultOf, docOf } from '../../src/cli/flag-text.ts'
import { optionsOf } from '../../src/cli/flag-words.ts'
import { FLAG_NAMES, flagOf } from '../../src/cli/flags.ts'
import type { FlagName } from '../../src/cli/flags.ts'
import { withUnit } from '../../src/cli/flag-readers.ts'
import { helpOf } from '../../src/cli/help.ts'
import { notes } from '../../src/cli/manual.ts'
import { count, duration } from '../../src/config/kinds.ts'
import { option } from '../../src/config/option.ts'
import type { AnyOption } from '../../src/config/option.ts'
import { CLIENT_LIMITS } from '../../src/config/options/limits.ts'
import { OPTIONS } from '../../src/config/table.ts'

test('a flag without texts of its own has the sentence, the unit and the default of its option in --help', () => {
  const options = {
    linger: option({
      scope: 'any',
      read: duration(),
      default: '7s',
      crosses: 'plain',
      unit: 'ms',
      doc: 'How long it lingers beside `maxRetries`.',
    }),
    portions: option({
      scope: 'any',
      read: count(1),
      default: 12,
      crosses: 'plain',
      unit: 'spoons',
      doc: 'The largest portion.',
    }),
  } as Readonly<Record<string, AnyOption>>
  const linger: Flag = taking('Run', 'TIME', withUnit(duration()), undefined, { option: 'linger' })
  const portions: Flag = taking('Run', 'N', count(1), undefined, { option: 'portions' })
  expect(helpOf('linger', linger, options)).toContain('how long it lingers beside --retries\n')
  expect(notes(linger, options)).toContain('Default: 7s.')
  expect(helpOf('portions', portions, options)).toContain('the largest portion, in spoons\n')
  expect(notes(portions, options)).toContain('Default: 12.')
})

/** Flags with a sentence of their own; `flags.ts` says why. */
const OWN: readonly FlagName[] = [
  // What goes into each request.
  ...(['method', 'header', 'param', 'json', 'body', 'form', 'multipart', 'auth', 'bearer', 'cookie', 'cost'] as const),
  ...(['token-command', 'oauth-token-url', 'oauth-client', 'oauth-scope', 'oauth-client-auth'] as const),
  'oauth-refresh-token',
  'checksum',
  // One value of an option.
  ...(['no-cookies', 'fail-fast', 'ignore-server-limits', 'no-follow', 'keep-method', 'insecure'] as const),
  // Another notation.
  ...(['rate', 'host-limit', 'limit-key', 'budget', 'accept', 'proxy', 'as'] as const),
  // More than the option does.
  'response-headers',
  ...(['paginate', 'next', 'page-param', 'total', 'page-size', 'page-size-param'] as const),
  ...(['items', 'poll', 'retry-failed', 'retry-only'] as const),
  ...(['base-url', 'share-cookies', 'cookie-file', 'save', 'overwrite', 'resume', 'tls-passphrase'] as const),
]

test('every other flag that sets an option has the sentence of the option or of its field', () => {
  const setting = FLAG_NAMES.filter(name => optionsOf(name).length > 0)
  expect(setting.filter(name => flagOf(name).doc !== undefined).toSorted()).toEqual(OWN.toSorted())
  expect(setting.filter(name => docOf(flagOf(name)) === '')).toEqual([])
  expect(setting.map(name => docOf(flagOf(name))).filter(doc => /`|undefined|Infinity/.test(doc))).toEqual([])
})

test('a sentence of an option names the flags of its fields and of values, and no limit as none', () => {
  expect(docOf(flagOf('breaker'))).toContain('--breaker-failures within --breaker-window')
  expect(docOf(flagOf('max-concurrency'))).toContain('with --concurrency auto')
  expect(docOf(flagOf('max-json-depth'))).toContain("'none' for no limit")
  expect(docOf(flagOf('connect-timeout'))).toBe('time limit of DNS lookup, connection and TLS handshake together')
})

/** Options whose command line has a default of its own, or whose default is no value that a flag takes. */
const OTHERWISE: ReadonlySet<FlagName> = new Set([
  'as',
  'retry-only',
  'window',
  'rate-burst',
  'max-bytes',
  'max-header-bytes',
  'accept',
  'cost',
  'proxy',
  'user-agent',
])

/** What a run uses where nothing is given: the default of the option, or of its field, as it was read. */
function usedBy(name: FlagName): unknown {
  const [path = ''] = optionsOf(name).flatMap(({ option: of, value }) => (value === undefined ? [of] : []))
  const [head = '', ...fields] = path.split('.')
  const { default: whole } = (OPTIONS as Readonly<Record<string, AnyOption>>)[head] ?? {}
  const { failures, windowMs, cooldownMs } = CLIENT_LIMITS.breaker.make({ breaker: true }) ?? {}
  const of = head === 'breaker' && fields.length > 0 ? { failures, window: windowMs, cooldown: cooldownMs } : whole
  return fields.reduce((value, field) => (value as Record<string, unknown> | undefined)?.[field], of)
}

const PRINTED = FLAG_NAMES.filter(
  name => defaultOf(flagOf(name)) !== undefined && usedBy(name) !== undefined && !OTHERWISE.has(name),
)

test('most flags with a printed default are compared with the value used', () => {
  expect(PRINTED.length).toBeGreaterThan(25)
})

test.each(PRINTED)('the default that --help prints of --%s is the value used', name => {
  const flag = flagOf(name)
  const used = usedBy(name)
  const printed = defaultOf(flag)
  const problems: never[] = []
  const read: unknown = flag.read(printed, name, problems)
  expect(problems).toEqual([])
  // Statuses are texts on a command line.
  expect(Array.isArray(used) ? (read as unknown[]).map(String) : read).toEqual(
    Array.isArray(used) ? used.map(String) : used,
  )
})
