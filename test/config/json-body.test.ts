import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { bodyPlanOf } from '../../src/config/body.ts'
import { jsonText } from '../../src/config/json-body.ts'
import { readPairs } from '../../src/config/query-input.ts'
import { pairsOf } from '../../src/core/url.ts'
import { sayProblem } from '../../src/core/problem.ts'
import type { Problem } from '../../src/core/problem.ts'

function problemsOf(value: unknown): string {
  const problems: Problem[] = []
  expect(jsonText(value, problems)).toBe(undefined)
  expect(problems).toHaveLength(1)
  return sayProblem(problems[0] as Problem)
}

const form = new FormData()
form.append('a', '1')
class Secretive {
  readonly #value = 1
  value(): number {
    return this.#value
  }
}
class Lazy {
  readonly pending = true
  // oxlint-disable-next-line unicorn/no-thenable -- that is what it is
  then(): void {}
}

describe('json', () => {
  test.each([
    ['a Map', new Map([['a', 1]]), 'Map'],
    ['a Map with fields of its own', Object.assign(new Map(), { size_: 1 }), 'Map'],
    ['a Set', new Set([1]), 'Set'],
    ['Headers', new Headers({ a: '1' }), 'Headers'],
    ['a FormData', form, 'FormData'],
    ['URLSearchParams', new URLSearchParams('a=1'), 'URLSearchParams'],
    ['a Blob', new Blob(['x']), 'Blob'],
    ['a generator', (function* () {})(), 'Generator'],
    ['a stream', Readable.from(['x']), 'Readable'],
    ['an Error', new Error('x'), 'Error'],
    ['a RegExp', /x/, 'RegExp'],
    ['an instance without fields', new Secretive(), 'Secretive'],
    ['a promise', Promise.resolve(1), 'Promise'],
    ['a thenable with fields', new Lazy(), 'Lazy'],
    ['bytes', new Uint8Array(2), 'Uint8Array'],
    ['an ArrayBuffer', new ArrayBuffer(2), 'ArrayBuffer'],
    ['NaN', NaN, 'NaN'],
    ['Infinity', -Infinity, '-Infinity'],
    ['an invalid Date', new Date(NaN), 'an invalid Date'],
  ])('refuses %s at its place', (_what, lost, name) => {
    expect(problemsOf({ user: { tags: ['a', lost] } })).toMatch(
      /^json\.user\.tags\[1\]: expected a value that JSON can hold/,
    )
    expect(problemsOf({ user: lost })).toContain(`json.user: expected a value that JSON can hold, got `)
    expect(problemsOf([lost])).toContain('json[0]: ')
    expect(problemsOf({ user: lost })).toContain(name)
  })

  test('refuses a function in an array, and leaves it out of an object as JSON does', () => {
    expect(problemsOf([() => 1])).toContain('json[0]: ')
    expect(jsonText({ a: 1, b: () => 1, c: undefined, d: Symbol('x') }, [])).toBe('{"a":1}')
  })

  test.each([
    ['plain data', { a: [1, 'x', null, true, { b: {} }], c: [] }, '{"a":[1,"x",null,true,{"b":{}}],"c":[]}'],
    [
      'what says itself how it is written',
      { at: new Date(0), url: new URL('http://a.test/') },
      '{"at":"1970-01-01T00:00:00.000Z","url":"http://a.test/"}',
    ],
    ['a Buffer, which does so, too', Buffer.from('hi'), '{"type":"Buffer","data":[104,105]}'],
    ['an instance with fields', Object.assign(new Secretive(), { id: 7 }), '{"id":7}'],
    ['an object without a prototype', Object.assign(Object.create(null), { id: 7 }), '{"id":7}'],
    ['boxed values', [Object('x'), Object(1), Object(true)], '["x",1,true]'],
    ['undefined in an array', [undefined, 1], '[null,1]'],
  ])('takes %s', (_what, value, text) => {
    const problems: Problem[] = []
    expect(jsonText(value, problems)).toBe(text)
    expect(problems).toEqual([])
  })
})

describe('params and form', () => {
  test('null and undefined leave a name out', () => {
    const read = readPairs({ a: 1, since: null, until: undefined, tags: ['x', 2], ok: false }, 'params', [])
    expect(pairsOf(read ?? {})).toEqual([
      ['a', '1'],
      ['tags', 'x'],
      ['tags', '2'],
      ['ok', 'false'],
    ])
    expect(bodyPlanOf({ form: { a: 'x', since: null } }, [])?.body).toBe('a=x')
  })

  test.each([
    [
      { n: NaN },
      'params.n: expected a string, number, boolean or an array of them, got NaN. Use null to leave it out.',
    ],
    [{ n: Infinity }, 'got Infinity'],
    [{ n: [1, NaN] }, 'params.n: expected a string, number, boolean or an array of them, got an array of 2 with NaN.'],
    [{ n: ['secret', null] }, 'got an array of 2 with null.'],
    [{ at: new Date(0) }, 'got an object (Date). Turn it into a string first.'],
  ])('refuses %o by name', (given, message) => {
    const problems: Problem[] = []
    expect(readPairs(given, 'params', problems)).toBe(undefined)
    expect(problems.map(one => sayProblem(one)).join()).toContain(message)
    expect(problems.map(one => sayProblem(one)).join()).not.toContain('secret')
  })

  test('URLSearchParams are taken with all values of a name', () => {
    const read = readPairs(new URLSearchParams('id=1&q=x%20y&id=2&__proto__=z'), 'params', [])
    expect(pairsOf(read ?? {})).toEqual([
      ['id', '1'],
      ['id', '2'],
      ['q', 'x y'],
      ['__proto__', 'z'],
    ])
  })
})

describe('multipart', () => {
  const partsOf = (multipart: unknown): [names: string[] | undefined, problems: string[]] => {
    const problems: Problem[] = []
    const body = bodyPlanOf({ multipart }, problems)?.body as { parts: { name: string }[] } | undefined
    return [body?.parts.map(({ name }) => name), problems.map(one => sayProblem(one))]
  }

  test('leaves out null and undefined', () => {
    expect(partsOf({ a: 'x', since: null, tags: ['y', null], until: undefined })).toEqual([['a', 'tags'], []])
  })

  test('refuses NaN by name', () => {
    expect(partsOf({ n: NaN })[1].join()).toContain('multipart.n: expected')
  })
})
