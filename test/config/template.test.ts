import { expect, test } from 'vitest'
import { planBatch } from '../../src/config/plan.ts'
import type { RequestPlan } from '../../src/config/plan.ts'
import { prepare } from '../../src/config/prepare.ts'
import { readOptions } from '../../src/config/read.ts'
import type { Call } from '../../src/core/call.ts'
import { say } from '../../src/core/words.ts'

const planOf = (options: object): RequestPlan => planBatch({}, readOptions(options, 'request'), 20).request

function callOf(input: unknown, index: number, plan: RequestPlan): Omit<Call, 'trip'> {
  const call = prepare(input, { index, key: undefined, params: undefined, nowMs: 0 }, plan)
  if ('refused' in call) throw new Error(say(call.refused.message))
  const { trip: _trip, ...rest } = call
  return rest
}

const OPTIONS: Record<string, object> = {
  'nothing set': {},
  'headers and a timeout': { headers: { 'x-a': '1' }, timeout: '5s' },
  'a body for all': { json: { a: 1 } },
  'bearer authentication': { auth: { bearer: 'b' } },
  'several user agents': { userAgent: ['one', 'two', 'three'] },
  'parameters for all': { params: { page: 1 } },
  'a base URL': { baseUrl: 'http://a.test/v1/' },
}
const URLS = [
  'http://a.test/first',
  'http://a.test/items/2?x=1',
  'http://a.test/a/../b',
  'http://a.test/%7Eme',
  'http://a.test/has space',
  'http://u:p@a.test/secret',
  'http://A.test/upper',
  'http://a.test/p#fragment',
  'http://a.test//double',
  'http://a.test/.hidden',
  'http://a.test?query',
  'https://b.test/other',
  'http://a.test/last',
]

test.each(Object.entries(OPTIONS))(
  'with %s, a URL becomes the same Call whatever requests came before it',
  (_, options) => {
    const shared = planOf(options)
    for (const [index, url] of URLS.entries()) {
      expect(callOf(url, index, shared), url).toEqual(callOf(url, index, planOf(options)))
    }
  },
)

test('unsafe requests with generated idempotency keys never share a key', () => {
  const plan = planOf({ json: 1, idempotencyKey: true })
  const keys = URLS.map((url, index) => callOf(url, index, plan).headers.join('\n'))
  expect(new Set(keys).size).toBe(URLS.length)
})

const LIKE_A_URL = [
  (url: string) => ({ url }),
  (url: string) => ({ url, key: `key of ${url}` }),
  (url: string) => ({ url, meta: { row: url } }),
  (url: string) => ({ url, key: undefined, meta: undefined }),
]
const UNLIKE_A_URL = [
  (url: string) => ({ url, method: 'PUT' }),
  (url: string) => ({ url, headers: { 'x-own': '1' } }),
  (url: string) => ({ url, json: { own: true } }),
  (url: string) => ({ url, auth: { bearer: 'own' } }),
  (url: string) => ({ url, params: { own: 1 } }),
  (url: string) => ({ url, timeout: '1s' }),
]

test.each(Object.entries(OPTIONS))(
  'with %s, a request becomes the same Call whatever requests came before it',
  (_, options) => {
    const shared = planOf(options)
    for (const [index, url] of URLS.entries()) {
      for (const make of [...LIKE_A_URL, ...UNLIKE_A_URL, ...LIKE_A_URL]) {
        const spec = make(url)
        expect(callOf(spec, index, shared), JSON.stringify(spec)).toEqual(callOf(spec, index, planOf(options)))
      }
    }
  },
)

class Getters {
  readonly url: string
  constructor(url: string) {
    this.url = url
  }
  get method(): string {
    return 'POST'
  }
  get headers(): object {
    return { authorization: 'Bearer own' }
  }
}
const HIDING: Record<string, (url: string) => object> = {
  'getters of a class': url => new Getters(url),
  'getters of a class without a parent': url =>
    Object.assign(Object.create(Object.create(null, { method: { get: () => 'POST' } })), { url }),
  'a url that a class gets': url => Object.create({ url, method: 'PUT' }),
  'fields that are not enumerable': url => Object.defineProperty({ url }, 'method', { value: 'DELETE' }),
  'a proxy': url => new Proxy({}, { get: (_target, name) => ({ url, method: 'PUT' })[String(name)] }),
}

test.each(Object.entries(HIDING))('a field that is hidden in %s is sent, and by no other request', (_, make) => {
  const [url, other] = ['http://a.test/own', 'http://b.test/other']
  const ofItsOwn = callOf(make(url), 0, planOf({}))
  expect(ofItsOwn.method).not.toBe('GET')
  const after = planOf({})
  callOf(other, 0, after)
  callOf({ url: other, key: 'k' }, 0, after)
  expect(callOf(make(url), 0, after)).toEqual(ofItsOwn)
  const before = planOf({})
  callOf(make(url), 0, before)
  for (const plain of [other, { url: other }, { url: other, key: 'k' }]) {
    expect(callOf(plain, 0, before)).toEqual(callOf(plain, 0, planOf({})))
  }
})

test('the URL of a request is read once', () => {
  const plan = planOf({})
  callOf('http://a.test/first', 0, plan)
  let reads = 0
  const spec = {
    get url() {
      return `http://a.test/${++reads}`
    },
  }
  expect(callOf(spec, 1, plan).url).toBe('http://a.test/1')
  expect(reads).toBe(1)
})

test('a request made from the template keeps its own key and meta, and an invalid one is refused with its problem', () => {
  const plan = planOf({})
  const meta = { row: 1 }
  callOf('http://a.test/first', 0, plan)
  expect(callOf({ url: 'http://a.test/2', key: 'two', meta }, 1, plan)).toMatchObject({ key: 'two', meta })
  expect(callOf({ url: 'http://a.test/3' }, 2, plan)).toMatchObject({ key: undefined, meta: undefined })
  expect(() => callOf({ url: 'http://a.test/4', key: 4 }, 3, plan)).toThrow('key: expected a string')
  expect(() => callOf({ url: 'http://a.test/5', meat: 5 }, 4, plan)).toThrow('meat: expected a field of a request')
})
