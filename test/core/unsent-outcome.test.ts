import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { RequestError } from '../../src/core/error.ts'
import { refusedOutcome } from '../../src/core/outcome.ts'
import type { FailedOutcome } from '../../src/core/outcome.ts'
import { fault } from '../../src/core/result.ts'
import { Tally } from '../../src/core/tally.ts'
import { codeOf, isUnsent, unsentOutcome, urlOf } from '../../src/core/unsent-outcome.ts'

const URL_WITH_SECRET = 'https://user:hunter2@x.test/a?token=hunter2&q=1'
const REASON = fault('aborted/not_started', 'not sent: enough', { cause: new Error('enough') })

const label = (key?: string) => ({ index: 7, key, method: 'PUT', url: URL_WITH_SECRET, meta: { row: 8 } })
const made = (key?: string): FailedOutcome => unsentOutcome('#7', label(key), label(key), REASON)
const atOnce = (key?: string): FailedOutcome => refusedOutcome({ ...label(key), id: '#7' }, REASON)

test.each([
  ['its fields and their order', (outcome: FailedOutcome) => Object.keys(outcome)],
  ['JSON', (outcome: FailedOutcome) => JSON.stringify(outcome)],
  ['what is printed', (outcome: FailedOutcome) => inspect(outcome)],
  ['what is printed within something else', (outcome: FailedOutcome) => inspect({ deep: [outcome] }, { depth: 5 })],
  ['a spread copy', (outcome: FailedOutcome) => ({ ...outcome })],
  ['a structured clone', (outcome: FailedOutcome) => structuredClone(outcome)],
  ['a rest of its fields', ({ ok, ...rest }: FailedOutcome) => [ok, rest]],
  ['its constructor', (outcome: FailedOutcome) => (outcome as object).constructor],
])('a lazy outcome looks like an ordinary one: %s', (_, look) => {
  for (const key of [undefined, 'a']) expect(look(made(key))).toStrictEqual(look(atOnce(key)))
})

test('a lazy outcome equals an ordinary one', () => {
  expect(made('a')).toEqual(atOnce('a'))
  expect(atOnce('a')).toEqual(made('a'))
  expect(made('a')).toStrictEqual(atOnce('a'))
  expect(made()).not.toEqual(atOnce('a'))
})

test('error and request are created once, on the first read, even if the outcome is frozen', () => {
  for (const outcome of [made(), Object.freeze(made())]) {
    const { error, request } = outcome
    expect(outcome.error).toBe(error)
    expect(outcome.request).toBe(request)
    expect({ ...outcome }.error).toBe(error)
    expect(error).toBeInstanceOf(RequestError)
  }
})

test('a lazy error has no stack frames of the library and leaves Error.stackTraceLimit unchanged', () => {
  const limit = Error.stackTraceLimit
  expect(made().error.stack).not.toContain('\n    at ')
  expect(Error.stackTraceLimit).toBe(limit)
})

test('codeOf returns the code without creating the error', () => {
  let asked = 0
  const outcome = unsentOutcome(
    '#0',
    label(),
    {
      ...label(),
      get url() {
        asked++
        return 'https://x.test/'
      },
    },
    REASON,
  )
  expect(codeOf(outcome)).toBe('aborted/not_started')
  expect(isUnsent(outcome)).toBe(true)
  expect(asked).toBe(0)
  expect(outcome.error.code).toBe('aborted/not_started')
  expect(asked).toBe(1)
  expect(isUnsent({ error: undefined })).toBe(false)
})

test('urlOf returns the URL without creating the request', () => {
  expect(urlOf(made())).toBe(URL_WITH_SECRET)
  expect(urlOf(unsentOutcome('#7', label(), 'https://x.test/a', REASON))).toBe('https://x.test/a')
  expect(urlOf(atOnce())).toBe(atOnce().request.url)
})

test('statistics count an entry by code and host without creating its error and request', () => {
  const outcome = unsentOutcome('#0', label(), 'https://user:hunter2@x.test/a', REASON)
  const tally = new Tally({ now: () => 0, epochMs: () => 0, after: () => ({ cancel: () => undefined }) })
  let read = 0
  for (const name of ['request', 'error'] as const) {
    Object.defineProperty(outcome, name, { get: () => read++ })
  }
  tally.add(outcome, undefined)
  expect(read).toBe(0)
  expect(tally.snapshot()).toMatchObject({
    failed: 1,
    codes: { 'aborted/not_started': 1 },
    hosts: [{ host: 'x.test' }],
  })
})

test('a lazy field can be replaced like any other', () => {
  const outcome = made() as { -readonly [Name in keyof FailedOutcome]: FailedOutcome[Name] }
  const other = refusedOutcome({ ...label(), id: '#7' }, fault('http/404', 'gone')).error
  outcome.error = other
  expect(outcome.error).toBe(other)
  expect(codeOf(outcome)).toBe('http/404')
  expect(Object.keys(outcome)).toEqual(Object.keys(atOnce()))
  Object.freeze(outcome)
  expect(() => (outcome.error = other)).toThrow(TypeError)
})

test('printing a lazy outcome shows no secret', () => {
  const outcome = unsentOutcome(
    '#7',
    label(),
    'https://x.test/?session=hunter2&mine=hunter2',
    REASON,
    new Set(['mine']),
  )
  for (const text of [
    inspect(outcome, { showHidden: true, depth: 9 }),
    JSON.stringify(outcome),
    outcome.error.message,
  ]) {
    expect(text).not.toContain('hunter2')
  }
  expect(inspect(made(), { showHidden: true, depth: 9 })).not.toContain('hunter2')
})
