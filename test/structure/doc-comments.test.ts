/**
 * What editors and the API reference show of everything that the package exports:
 *
 * - Every export, every member of an exported class, and every field of an exported interface has a doc comment.
 * - Functions, classes and their methods have an example each. Getters and fields share that of their class. An
 *   interface with methods has one, of its own or of a method. An option has one, of its own or of the type that it names.
 * - The first sentence of a function, a class or a method is short enough for a hover.
 * - Functions and methods say what they throw or reject with. Type guards never throw.
 * - Options say their default. Those that are numbers say what 0 and Infinity do, which is compared with their readers.
 * - Algorithms name their source.
 */
import { readFileSync } from 'node:fs'
import ts from 'typescript-5.9'
import { describe, expect, test } from 'vitest'
import { declarations } from '../../scripts/reference/declarations.ts'
import { fieldOf } from '../../scripts/reference/options.ts'
import { ENTRIES } from '../../scripts/site/api.ts'
import { fieldsIn } from '../../src/config/kinds.ts'
import type { Read } from '../../src/config/kinds.ts'
import { OPTIONS, OPTION_NAMES } from '../../src/config/table.ts'
import type { OptionName } from '../../src/config/table.ts'
import { isFunction, isGuard, isQuantity, membersOf, publicApi, summaryOf, tagsOf } from '../support/public-api.ts'
import type { Exported, Member } from '../support/public-api.ts'

const api = publicApi()
const of = (entry: string): Exported[] => api.filter(one => one.entry === entry)
const entries = Object.keys(ENTRIES)

const all = ({ declarations: found }: Exported): Member[] => found.flatMap(membersOf)
const isClass = ({ declarations: found }: Exported): boolean => found.some(ts.isClassDeclaration)
const isInterface = ({ declarations: found }: Exported): boolean => found.some(ts.isInterfaceDeclaration)
const hasExample = (node: ts.Node): boolean => tagsOf(node, 'example').some(text => text !== '')

interface Callable {
  readonly name: string
  readonly nodes: readonly ts.Node[]
}

/** `csv`, and `ParallelRequests.drain` for each method of a class. */
function callables(entry: string): Callable[] {
  return of(entry).flatMap((one): Callable[] => {
    if (one.declarations.some(isFunction)) return [{ name: one.name, nodes: one.declarations }]
    if (!isClass(one)) return []
    return all(one)
      .filter(({ isMethod }) => isMethod)
      .map(({ name, node }) => ({ name: `${one.name}.${name}`, nodes: [node] }))
  })
}

/** What callers write, in contrast to what they are given: their types have these names. */
const isInput = ({ name }: Exported): boolean =>
  /(?:Options|Input|Limits|Fields|Spec|Auth|^Auth|MockResponse|Refreshed)$/.test(name) && name !== 'BatchLimits'

/** The longest first sentence that a hover shows on two lines. */
const HOVER_LENGTH = 160

describe.each(entries)('of %s', entry => {
  test('every export and every member has a doc comment', () => {
    expect(of(entry).length).toBeGreaterThan(0)
    const bare = of(entry).flatMap(one => [
      ...(one.declarations.some(node => summaryOf(node) !== '') ? [] : [one.name]),
      ...all(one)
        .filter(({ node }) => summaryOf(node) === '')
        .map(({ name }) => `${one.name}.${name}`),
    ])
    expect(bare).toEqual([])
  })

  test('every function, class and method has an example', () => {
    const classes = of(entry).filter(isClass)
    const bare = [
      ...callables(entry).filter(({ nodes }) => !nodes.some(hasExample)),
      ...classes.filter(one => !one.declarations.some(hasExample)),
    ]
    expect(bare.map(({ name }) => name)).toEqual([])
  })

  test('every interface with methods has an example', () => {
    const bare = of(entry).filter(
      one =>
        isInterface(one) &&
        all(one).some(({ isMethod }) => isMethod) &&
        !one.declarations.some(hasExample) &&
        !all(one).some(({ node }) => hasExample(node)),
    )
    expect(bare.map(({ name }) => name)).toEqual([])
  })

  test('every function, class and method begins with a short sentence', () => {
    const shown = [
      ...callables(entry),
      ...of(entry)
        .filter(isClass)
        .map(one => ({ name: one.name, nodes: one.declarations })),
    ]
    const long = shown.filter(({ nodes }) => {
      const [first = ''] = nodes.map(summaryOf).filter(Boolean)
      return (first.split(/(?<=[.:])\s/)[0] ?? '').length > HOVER_LENGTH
    })
    expect(long.map(({ name }) => name)).toEqual([])
  })

  test('every function and method says what it throws', () => {
    const guards = new Set(
      of(entry)
        .filter(one => one.declarations.some(isGuard))
        .map(({ name }) => name),
    )
    const silent = callables(entry).filter(
      ({ name, nodes }) =>
        !guards.has(name) &&
        !nodes.some(
          node => tagsOf(node, 'throws').some(text => text !== '') || /\bNever throws\b/.test(summaryOf(node)),
        ),
    )
    expect(silent.map(({ name }) => name)).toEqual([])
  })

  test('every option says its default', () => {
    const silent = of(entry)
      // A field of a request that is absent takes the value of the options.
      .filter(one => isInput(one) && one.name !== 'RequestSpec')
      .flatMap(one =>
        all(one)
          .filter(({ node, isMethod }) => !isMethod && ts.isPropertySignature(node) && node.questionToken !== undefined)
          .filter(({ node }) => !/\b[Dd]efault/.test(summaryOf(node)))
          .map(({ name }) => `${one.name}.${name}`),
      )
    expect(silent).toEqual([])
  })

  test('every option that is a number says what 0 and Infinity do', () => {
    const silent = of(entry)
      .filter(isInput)
      .flatMap(one => [
        ...one.declarations
          .filter(node => ts.isTypeAliasDeclaration(node) && isQuantity(node.type))
          .map(node => ({ name: one.name, said: summaryOf(node) })),
        ...all(one)
          .filter(({ node }) => ts.isPropertySignature(node) && isQuantity(node.type))
          .map(({ name, node }) => ({ name: `${one.name}.${name}`, said: summaryOf(node) })),
      ])
      .flatMap(({ name, said }) => [
        ...(clausesAbout('0', said).length > 0 ? [] : [`${name}: 0`]),
        ...(clausesAbout('Infinity', said).length > 0 ? [] : [`${name}: Infinity`]),
      ])
    expect(silent).toEqual([])
  })
})

/** The parts of a text that are about a value: `0 = none`, `0 and `Infinity` are a ConfigError`. */
const clausesAbout = (value: '0' | 'Infinity', text: string): string[] =>
  text
    .replaceAll('`', '')
    .split(/[.;](?=\s|$)/)
    .filter(clause => (value === '0' ? /(?<![\w.,])0(?![\w.,]*\d)(?!x)/ : /\bInfinity\b/).test(clause))

/** Whether a reader accepts a value; undefined if it reads no numbers. */
function accepts(read: Read<unknown>, value: number): boolean | undefined {
  const takes = (given: unknown): boolean => {
    const problems: never[] = []
    return read(given, 'x', problems) !== undefined && problems.length === 0
  }
  return [1, 10, 1_000].some(takes) ? takes(value) : undefined
}

interface Described {
  readonly name: string
  readonly read: Read<unknown>
  readonly said: string
}

/** Options whose fields are read one by one, and the types of these. */
const NESTED: Partial<Record<OptionName, string>> = {
  breaker: 'BreakerInput',
  minSpeed: 'MinSpeedInput',
  perHost: 'HostLimits',
  poll: 'PollInput',
  retry: 'RetryInput',
  timeouts: 'TimeoutsInput',
}

const declared = declarations()

function described(): Described[] {
  const options = OPTION_NAMES.map(name => ({
    name: name as string,
    read: OPTIONS[name].read as Read<unknown>,
    said: fieldOf(name, declared).doc?.text ?? '',
  }))
  const specFields = (declared.get('RequestSpec')?.fields ?? []).filter(({ name }) => Object.hasOwn(OPTIONS, name))
  const inSpecs = specFields.map(({ name, doc }) => ({
    name: `RequestSpec.${name}`,
    read: OPTIONS[name as OptionName].read as Read<unknown>,
    said: doc?.text ?? '',
  }))
  const nested = Object.entries(NESTED).flatMap(([option, type]) => {
    const readers = fieldsIn(OPTIONS[option as OptionName].read)
    return (declared.get(type)?.fields ?? []).flatMap(({ name, doc }) => {
      const read = readers[name]
      return read === undefined ? [] : [{ name: `${type}.${name}`, read, said: doc?.text ?? '' }]
    })
  })
  return [...options, ...inSpecs, ...nested]
}

/** `json`, `meta` and the like take a number as they take anything. */
const isNumeric = ({ read }: Described): boolean =>
  accepts(read, 1_000) !== undefined && !['a', true].some(given => read(given, 'x', []) !== undefined)

const numeric = described().filter(isNumeric)

test('the readers of all kinds of numbers are compared with their doc comments', () => {
  const names = numeric.map(({ name }) => name)
  expect(names).toEqual(
    expect.arrayContaining([
      'concurrency',
      'timeout',
      'RequestSpec.timeout',
      'RetryInput.maxRetryAfter',
      'TimeoutsInput.total',
    ]),
  )
  expect(names.length).toBeGreaterThanOrEqual(40)
})

describe.each(numeric)('the doc comment of $name', ({ read, said }) => {
  test.each([
    ['0', 0],
    ['Infinity', Infinity],
  ] as const)('says of %s what its reader does', (text, value) => {
    const about = clausesAbout(text, said)
    expect(about).not.toEqual([])
    const isRefused = about.some(clause => /ConfigError|invalid_request/.test(clause))
    expect(isRefused).toBe(accepts(read, value) === false)
  })
})

test.each(OPTION_NAMES)('the option %s has an example, of its own or of its type', name => {
  const { doc, type } = fieldOf(name, declared)
  const named = (type.match(/\b[A-Z]\w+/g) ?? []).flatMap(one => declared.get(one)?.doc?.examples ?? [])
  expect([...(doc?.examples ?? []), ...named].length).toBeGreaterThan(0)
})

test.each(OPTION_NAMES)('the doc comment of %s has the default of the table', name => {
  const { written, defaultText } = OPTIONS[name] as { readonly written: unknown; readonly defaultText?: string }
  const said = (fieldOf(name, declared).doc?.text ?? '').replaceAll(/[`',]/g, '')
  expect(said).toMatch(/\b[Dd]efault/)
  const isText = typeof written === 'boolean' || typeof written === 'number' || typeof written === 'string'
  if (defaultText !== undefined || !isText) return
  const value = String(written).replaceAll(/[`',]/g, '')
  // `Default 20`, `Default and Infinity: never`, `throw (default)`.
  expect(said).toMatch(new RegExp(`\\bDefault[^.;]*\\b${value}\\b|\\b${value} \\(default\\)`))
})

test('every option of a call says its default in each type that has it', () => {
  const silent = [...declared.values()]
    .filter(({ name }) => name.endsWith('Options'))
    .flatMap(({ name: type, fields }) =>
      fields
        .filter(({ name, doc }) => Object.hasOwn(OPTIONS, name) && !/\b[Dd]efault/.test(doc?.text ?? ''))
        .map(({ name }) => `${type}.${name}`),
    )
  expect(silent).toEqual([])
})

test.each(['RequestCall', 'StreamCall'])('every form of %s has a doc comment and an example', type => {
  const source = ts.createSourceFile(
    'infer.ts',
    readFileSync('src/client/infer.ts', 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  )
  const call = source.statements.find(one => ts.isInterfaceDeclaration(one) && one.name.text === type)
  const forms = (call as ts.InterfaceDeclaration).members.filter(ts.isCallSignatureDeclaration)
  expect(forms.length).toBeGreaterThan(2)
  const bare = forms.filter(form => summaryOf(form) === '' || !hasExample(form) || tagsOf(form, 'throws').length === 0)
  expect(bare.map(form => form.getText())).toEqual([])
})

/** Where an algorithm or a format of others is used, and who has described it. */
const SOURCES: Readonly<Record<string, RegExp>> = {
  concurrency: /Kleinrock/,
  rateLimit: /I\.371/,
  respectServerLimits: /draft-ietf-httpapi-ratelimit-headers/,
  breaker: /Nygard/,
  cookies: /RFC 6265/,
  blockPrivateAddresses: /RFC 6890/,
  http2: /RFC 9113/,
  proxy: /RFC 1928/,
  strictIntegrity: /RFC 9112/,
  contentCoding: /RFC 9110/,
  idempotencyKey: /draft-ietf-httpapi-idempotency-key-header/,
  followRedirects: /RFC 9110/,
  paginate: /RFC 8288/,
  items: /JMESPath/,
  'RetryInput.backoff': /Brooker/,
  'RetryInput.budget': /Site Reliability Engineering/,
  'RetryInput.maxRetryAfter': /RFC 9110/,
}

test.each(Object.entries(SOURCES))('the doc comment of %s names its source', (name, source) => {
  const [type, field] = name.split('.')
  const text =
    field === undefined
      ? [fieldOf(name, declared)].flatMap(({ doc }) => [doc?.text, ...(doc?.examples ?? [])]).join(' ')
      : declared.get(type as string)?.fields.find(one => one.name === field)?.doc?.text
  expect(text).toMatch(source)
})
