import { readFileSync, globSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FLAG_WORDS } from '../../src/cli/flag-words.ts'
import { OPTION_NAMES } from '../../src/config/table.ts'
import { sayProblem } from '../../src/core/problem.ts'
import { say } from '../../src/core/words.ts'

const SOURCES = globSync('src/**/*.ts', { exclude: ['src/cli/**', 'src/core/words.ts'] }).toSorted()

/** Options that no flag sets; their messages need a function, a transport or a call of the library. */
const IN_CODE_ONLY: ReadonlySet<string> = new Set([
  'timeouts.callback',
  'maxItemBytes',
  // The command line has no flags for pages yet.
  'items',
  'paginate',
  'paginate.next',
  'paginate.param',
  'paginate.total',
])

interface Ref {
  readonly option: string
  readonly value?: unknown
  readonly fields?: readonly string[]
}

const REF = /\{ option: '([\w.]+)'(?:, value: ('[^']*'|\w+))?(?:, fields: \[([^\]]*)\])? \}/g

/** Every reference to an option in a message of the library. */
const REFS: readonly (readonly [file: string, ref: Ref])[] = SOURCES.flatMap(file =>
  [...readFileSync(file, 'utf8').matchAll(REF)].map(([, option = '', value, fields]): readonly [string, Ref] => [
    file,
    {
      option,
      ...(value !== undefined && { value: valueOf(value) }),
      ...(fields !== undefined && { fields: [...fields.matchAll(/'([^']*)'/g)].map(([, field = '']) => field) }),
    },
  ]),
)

function valueOf(text: string): unknown {
  return text.startsWith("'") ? text.slice(1, -1) : text === 'true'
}

// Words of English as well: only those that cannot be anything else but the name of an option.
const LIBRARY_NAME = new RegExp(
  `(?<![-\\w])(?:${OPTION_NAMES.filter(name => /[A-Z]/.test(name)).join('|')}|(?:retry|timeouts|perHost|tls|minSpeed|breaker)\\.\\w+)\\b|\\{ ?\\w+[:,} ]`,
)

test('messages of the library refer to options', () => {
  expect(REFS.length).toBeGreaterThan(40)
})

test.each(REFS.filter(([, { option }]) => !IN_CODE_ONLY.has(option)))(
  'a message of %s names a flag of the command line for %o',
  (_file, ref) => {
    const said = say([ref], FLAG_WORDS)
    expect(said).toMatch(/^(?:several )?--[a-z]/)
    expect(said).not.toMatch(LIBRARY_NAME)
  },
)

test.each([
  ['maxRedirects', '--max-redirects'],
  ['retry.maxRetryAfter', '--max-retry-after'],
  ['tls.cert', '--tls-cert'],
  ['hosts', '--host-limit'],
  ['proxyFile, line 3', '--proxy-file, line 3'],
  ['urls[3].body', 'urls[3].body'],
])('a problem of %s is one of %s on a command line', (subject, flag) => {
  const wrong = { subject, expected: 'an integer', got: '-1', remedy: [{ inCode: 'Quote it.' }] }
  expect(sayProblem(wrong)).toBe(`${subject}: expected an integer, got -1. Quote it.`)
  expect(sayProblem(wrong, FLAG_WORDS)).toBe(`${flag}: expected an integer, got -1.`)
})

/** The same library name in a finished sentence, where no vocabulary can reach it. */
const SENTENCE = /'[^'\n]*\s[^'\n]*'|"[^"\n]*\s[^"\n]*"|`[^`\n]*\s[^`\n]*`/g

/** Files of which no message is ever said by the command line: hooks, synchronous calls, sinks of the library. */
const OF_CODE = /^src\/(?:client\/threads|sinks|testing|core\/options|config\/names)/

test('no message of the engine, the layers and the transport names an option in a finished sentence', () => {
  const rooms = SOURCES.filter(file => /^src\/(?:layer|engine|transport|policy|store|codec|disk)\//.test(file))
  const leaks = rooms
    .filter(file => !OF_CODE.test(file))
    .flatMap(file => {
      const code = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
      return [...code.matchAll(SENTENCE)]
        .map(([text]) => text)
        .filter(text => LEAK.test(text.replaceAll(/\$\{[^}]*\}/g, '')))
    })
  expect(leaks.filter(text => !ALLOWED.some(allowed => text.includes(allowed)))).toEqual([])
})

const LEAK = new RegExp(`(?<![-\\w.])(?:${OPTION_NAMES.filter(name => /[A-Z]/.test(name)).join('|')}|retry\\.\\w+)\\b`)

/** Said only of functions of the caller, which a command line has none of. */
const ALLOWED = ['retry.backoff failed', 'saveTo threw', 'onChunk ', 'onItem ', 'parseFunc threw', '&& returnType']
