/** docs/reference/: everything that the sources know is in it, and nothing else. */
import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CODES } from '../../scripts/reference/error-codes.ts'
import { declarations } from '../../scripts/reference/declarations.ts'
import { fieldOf, limitOf } from '../../scripts/reference/options.ts'
import { FLAG_NAMES } from '../../src/cli/flags.ts'
import { OPTIONS, OPTION_NAMES } from '../../src/config/table.ts'
import { FAULT_CLASSES } from '../../src/core/result.ts'

const page = (name: string): string => readFileSync(`docs/reference/${name}.md`, 'utf8')
const CLASSES = FAULT_CLASSES.join('|')

/** Codes that never leave the library, and codes that stand for their class in src/. */
const INTERNAL: ReadonlySet<string> = new Set(['auth/waiting', 'connect/preempted', 'http/404', 'http/410'])

/** Functions that are given the second half of a code, and the class that they put before it. */
const BY_DETAIL: readonly (readonly [of: string, RegExp, folder?: string])[] = [
  ['invalid_request', /\b(?:invalidRequest|invalidRequestOf|wrong)\(\s*'([a-z_\d]+)'/g],
  ['invalid_request', /readonly detail: '(input)' \| '(template)' \| '(url)'/g],
  ['follow', /\brefuse\(\s*'([a-z_\d]+)'/g, 'src/paginate/'],
  ['proxy', /\bnew ProxyFailure\(\s*'([a-z_\d]+)'/g],
  ['redirect', /\brefused: '([a-z_\d]+)'/g],
]

/** Places that make a code of its class and a detail. A new one has to be read by this test, too. */
const TEMPLATES = [
  'src/client/run/settle.ts http',
  'src/config/prepare.ts invalid_request',
  'src/layer/poll.ts poll',
  'src/layer/redirect.ts redirect',
  'src/layer/timeout.ts timeout',
  'src/layer/timeout.ts timeout',
  'src/paginate/style.ts follow',
  'src/policy/doubt.ts in_doubt',
  'src/transport/faults.ts proxy',
]

const sources = globSync('src/**/*.ts').map(path => ({
  path,
  code: readFileSync(path, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ''),
}))

const found = (pattern: RegExp, folder = 'src/'): string[] =>
  sources
    .filter(({ path }) => path.startsWith(folder))
    .flatMap(({ code }) => [...code.matchAll(pattern)].flatMap(([, ...details]) => details.filter(Boolean)))

/** Every code that a source names, whole or by its detail. */
function codesOfSources(): ReadonlySet<string> {
  const whole = found(new RegExp(`['"\`]((?:${CLASSES})/[a-z_\\d]+)['"\`]`, 'g'))
  const byDetail = BY_DETAIL.flatMap(([of, pattern, folder]) => found(pattern, folder).map(detail => `${of}/${detail}`))
  return new Set([...whole, ...byDetail].filter(code => !INTERNAL.has(code)))
}

describe('the page of error codes', () => {
  it('has every code that the sources name', () => {
    expect([...codesOfSources()].filter(code => !Object.hasOwn(CODES, code)).toSorted()).toEqual([])
  })

  it('has no code that no source makes', () => {
    const made = codesOfSources()
    // Phases of an attempt, and the details of src/policy/doubt.ts.
    const computed = new Set(['http/<status>', 'timeout/dns', 'timeout/tls', 'timeout/proxy'])
    for (const detail of found(/^ {2}'?[a-z/]+'?: '(aborted|reset|timeout|worker)',$/gm))
      computed.add(`in_doubt/${detail}`)
    for (const detail of found(/^ {2}\d+: \['([a-z]+)', '/gm)) computed.add(`proxy/${detail}`)
    for (const detail of found(/(?:\||=) '(auth|connect|failed|protocol|refused|tls|unreachable)'/g))
      computed.add(`proxy/${detail}`)
    expect(Object.keys(CODES).filter(code => !made.has(code) && !computed.has(code))).toEqual([])
  })

  it('is compared with every place that makes a code of two halves', () => {
    const templates = sources.flatMap(({ path, code }) =>
      [...code.matchAll(new RegExp(`fault\\(\\s*\`(${CLASSES})/\\$`, 'g'))].map(([, of]) => `${path} ${of}`),
    )
    expect(templates.toSorted()).toEqual(TEMPLATES)
  })

  it('has a section for every class', () => {
    const sections = [...page('errors').matchAll(/^## (\w+)$/gm)].map(([, name]) => name)
    expect(new Set(sections)).toEqual(new Set(FAULT_CLASSES))
  })

  it.each(Object.keys(CODES))('says of %s what happened and what to do', code => {
    expect(page('errors')).toContain(`| \`${code}\` | `)
    const { happened, remedy } = CODES[code] as (typeof CODES)[string]
    expect([happened, remedy].filter(sentence => !/^[A-Z`].{5,}\.$/s.test(sentence))).toEqual([])
  })
})

describe('the page of options', () => {
  const text = page('options')
  const declared = declarations()

  it.each(OPTION_NAMES)('has a section for %s, with a doc comment of its own', name => {
    expect(text).toContain(`\n### ${name}\n`)
    expect(fieldOf(name, declared).doc?.text ?? '').not.toBe('')
  })

  it.each(OPTION_NAMES.filter(name => limitOf(OPTIONS[name], 0) === 'allowed'))('says what 0 does for %s', name => {
    const { doc, type } = fieldOf(name, declared)
    const shape = declared.get(type)
    const said = [
      doc?.text,
      shape?.doc?.text,
      ...(shape?.fields.map(field => field.doc?.text) ?? []),
      OPTIONS[name].doc,
    ]
    expect(said.join(' ')).toMatch(/(?<![\d.,])0(?![\d.,]\d)/)
  })

  it.each(OPTION_NAMES.filter(name => limitOf(OPTIONS[name], Infinity) === 'allowed'))(
    'says what Infinity does for %s',
    name => {
      expect(`${fieldOf(name, declared).doc?.text} ${OPTIONS[name].doc}`).toContain('Infinity')
    },
  )
})

describe('the page of flags', () => {
  it.each(FLAG_NAMES)('has a row for --%s', name => {
    expect(page('flags')).toMatch(new RegExp(`^\\| \`(?:-\\w, )?--${name}[ \`]`, 'm'))
  })
})
