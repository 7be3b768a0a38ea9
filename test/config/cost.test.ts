/** What a request costs: whose word counts, what is refused and in which words. */
import { describe, expect, test, vi } from 'vitest'
import { costsOf, trueCosts } from '../../src/config/cost.ts'
import type { RequestPlan } from '../../src/config/plan.ts'
import { isFault } from '../../src/core/result.ts'
import { makeCall } from '../support/calls.ts'
import { say } from '../../src/core/words.ts'

type Cost = RequestPlan['cost']

const WEIGHTED = { tokens: 100, requests: 10 }

function plan(
  cost: Cost = 1,
  weighted: Readonly<Record<string, number>> = WEIGHTED,
): Pick<RequestPlan, 'cost' | 'call'> {
  return { cost, call: makeCall({ plan: { weighted } }).plan }
}

const REQUEST = { method: 'POST', url: 'http://a.test/x', body: 'text', meta: { id: 1 } }

describe('The cost of a request', () => {
  test('is 1 of each limit if neither the spec nor the options set it, whatever the bursts are', () => {
    expect(costsOf(undefined, REQUEST, plan())).toBe(1)
  })

  test.each<[unknown, Cost | undefined, unknown]>([
    [5, undefined, 5],
    [undefined, 5, 5],
    [3, 5, 3],
    [0, 5, 0],
    [{ tokens: 7 }, 5, { tokens: 7 }],
    [{ tokens: 7, requests: undefined }, 5, { tokens: 7 }],
    [{}, 5, {}],
    [() => 2, 5, 2],
    [undefined, () => ({ requests: 2 }), { requests: 2 }],
    [{ tokens: 100, requests: 10 }, undefined, { tokens: 100, requests: 10 }],
    [10, undefined, 10],
    [0.5, undefined, 0.5],
  ])('of %j in the spec and %j in the options is %j', (own, shared, costs) => {
    expect(costsOf(own, REQUEST, plan(shared))).toEqual(costs)
  })

  test('function gets method, url, body and meta, but not a body that is a stream', () => {
    const cost = vi.fn<(request: unknown) => number>(() => 1)
    costsOf(cost, REQUEST, plan())
    expect(cost.mock.calls).toEqual([[{ method: 'POST', url: 'http://a.test/x', body: 'text', meta: { id: 1 } }]])
    cost.mockClear()
    costsOf(cost, { ...REQUEST, body: async function* () {} }, plan())
    expect(cost.mock.calls).toEqual([[{ ...REQUEST, body: undefined }]])
  })

  test.each<[string, unknown, string, RegExp]>([
    ['above the lowest burst', 11, 'invalid_request/cost', /burst of requests \(10\), got 11/],
    ['above the burst by name', { tokens: 100.5 }, 'invalid_request/cost', /burst of tokens \(100\), got 100\.5/],
    ['of an unknown name', { token: 1 }, 'invalid_request/cost', /cost\.token: .*Did you mean 'tokens'\?/],
    ['of a name of Object', { constructor: 1 }, 'invalid_request/cost', /cost\.constructor/],
    ['below 0', -1, 'invalid_request/cost', /a number ≥ 0/],
    ['of no number', NaN, 'invalid_request/cost', /NaN/],
    ['without end', Infinity, 'invalid_request/cost', /Infinity/],
    ['of null', null, 'invalid_request/cost', /null/],
    ['of a text by name', { tokens: '5' }, 'invalid_request/cost', /cost\.tokens: .*"5"/],
    ['of a Map', new Map([['tokens', 1]]), 'invalid_request/cost', /Map/],
    ['of a function that answers so', () => -1, 'invalid_request/cost', /a number ≥ 0/],
    ['of a function that answers with nothing', () => undefined, 'invalid_request/cost', /undefined/],
    ['of a function that answers with a function', () => () => 1, 'invalid_request/cost', /function/],
    [
      'of a function that throws',
      () => {
        throw new Error('no tokenizer')
      },
      'callback/cost',
      /no tokenizer/,
    ],
    ['of an async function', async () => 1, 'callback/cost', /promise.*synchronous/i],
    ['of an async function that fails', () => Promise.reject(new Error('later')), 'callback/cost', /promise/],
    ['that looks like a fault of ours', { kind: 'fault' }, 'invalid_request/cost', /cost\.kind/],
    ['of a function that answers like one', () => ({ kind: 'fault' }), 'invalid_request/cost', /cost\.kind/],
  ])('%s is refused.', (_name, given, code, why) => {
    const refused = costsOf(given, REQUEST, plan())
    if (!isFault(refused)) throw new Error(`expected a fault, got ${JSON.stringify(refused)}`)
    expect(refused.code).toBe(code)
    expect(say(refused.message)).toMatch(why)
  })
})

describe('The true cost of a request', () => {
  test.each([0, 5, 1e6, {}, { tokens: 1e6 }, { tokens: 0, requests: 3 }])(
    'may be %j, because it has been spent already',
    cost => {
      expect(trueCosts(cost, plan().call)).toEqual(cost)
    },
  )

  test.each([
    [-1, /setCost: .*≥ 0/],
    [NaN, /setCost/],
    ['5', /setCost/],
    [undefined, /setCost/],
    [null, /setCost/],
    [{ tokens: -1 }, /setCost\.tokens/],
    [{ token: 1 }, /setCost\.token: .*Did you mean 'tokens'\?/],
    [Promise.resolve(1), /setCost/],
  ])('of %j is thrown at who says it.', (cost, why) => {
    expect(() => trueCosts(cost, plan().call)).toThrow(why)
  })
})
