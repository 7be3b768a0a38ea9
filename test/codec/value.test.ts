/** Reply → value: return type, then schema, then `parseFunc`, and how each of them may fail. */
import { describe, expect, test } from 'vitest'
import type { CallPlan } from '../../src/core/call.ts'
import type { ParseContext, Schema } from '../../src/core/spec.ts'
import { decode } from '../../src/codec/value.ts'
import { virtualClock } from '../../src/testing/index.ts'
import { makeCall, makeReply } from '../support/calls.ts'

type Validate = Schema['~standard']['validate']

const schemaOf = (validate: Validate): Schema => ({ '~standard': { version: 1, vendor: 'test', validate } })
const doubled = schemaOf(value => ({ value: (value as number) * 2 }))

function decoded(plan: Partial<CallPlan>, body = '21', timeouts = {}) {
  const clock = virtualClock()
  const call = makeCall({ plan, timeouts, meta: 'mine', index: 4 })
  return { clock, call, value: decode(makeReply(200, { 'x-a': '1' }, body), call, clock) }
}

describe('A value', () => {
  test('is read by its return type, synchronously', () => {
    expect(decoded({ returnType: 'json' }).value).toEqual({ value: 21 })
    expect(decoded({ returnType: 'text' }).value).toEqual({ value: '21' })
    expect(decoded({ returnType: 'content' }).value).toEqual({ value: new Uint8Array([50, 49]) })
    expect(decoded({ returnType: 'response' }).value).toMatchObject({ value: { status: 200 } })
  })

  test('goes through the schema, and then its output through parseFunc', async () => {
    const parseFunc = (value: unknown): unknown => [value]
    expect(decoded({ schema: doubled, parseFunc }).value).toEqual({ value: [42] })
    const slow = schemaOf(async value => ({ value: (value as number) * 2 }))
    await expect(decoded({ schema: slow, parseFunc: async value => [value] }).value).resolves.toEqual({ value: [42] })
  })

  test('may be anything: undefined, an object that looks like a fault, an array', async () => {
    for (const made of [undefined, null, { kind: 'fault', code: 'x/y' }, []]) {
      expect(decoded({ parseFunc: () => made }).value).toEqual({ value: made })
      await expect(decoded({ parseFunc: async () => made }).value).resolves.toEqual({ value: made })
    }
  })

  test('may come from a thenable whose `then` returns undefined', async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- it is what is tested
    const parseFunc = (): unknown => ({ then: (take: (value: number) => void) => take(7) })
    await expect(decoded({ parseFunc }).value).resolves.toEqual({ value: 7 })
  })

  test('of text that does not match its charset comes with a warning', () => {
    const call = makeCall({ plan: { returnType: 'text' } })
    void decode({ ...makeReply(), body: new Uint8Array([0xff]) }, call, virtualClock())
    expect(call.trip.warnings).toEqual([expect.stringContaining('U+FFFD')])
  })
})

describe('parseFunc', () => {
  test('gets the request and its response', () => {
    let seen: ParseContext | undefined
    decoded({ parseFunc: (_, context) => (seen = context) })
    expect(seen).toMatchObject({ index: 4, request: { method: 'GET', meta: 'mine' }, response: { status: 200 } })
    expect(seen?.response.headers.get('x-a')).toBe('1')
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('boom')
      },
    ],
    ['rejects', () => Promise.reject(new Error('boom'))],
  ])('that %s is callback/parse, with the response', async (_name, parseFunc) => {
    await expect(Promise.resolve(decoded({ parseFunc }).value)).resolves.toMatchObject({
      code: 'callback/parse',
      message: 'parseFunc threw: boom',
      cause: expect.any(Error),
      reply: { status: 200 },
    })
  })

  test('that never settles ends after timeouts.callback', async () => {
    const { clock, value } = decoded({ parseFunc: () => new Promise(() => undefined) }, '1', { callbackMs: 500 })
    await clock.advance(500)
    await expect(value).resolves.toMatchObject({ code: 'timeout/callback' })
  })

  test('is not called for a body that is not JSON or does not match the schema', () => {
    let called = 0
    const parseFunc = (): number => called++
    expect(decoded({ parseFunc }, '{').value).toMatchObject({ code: 'parse/json' })
    expect(decoded({ parseFunc, schema: schemaOf(() => ({ issues: [{ message: 'no' }] })) }).value).toMatchObject({
      code: 'schema/mismatch',
    })
    expect(called).toBe(0)
  })
})

describe('A schema', () => {
  test('that rejects the value is schema/mismatch, with its issues and the path of the first', () => {
    const issues = [{ message: 'expected a string', path: ['a', { key: 0 }, 'b'] }, { message: 'more' }]
    expect(decoded({ schema: schemaOf(() => ({ issues })) }).value).toMatchObject({
      code: 'schema/mismatch',
      issues,
      message: 'the value does not fit the schema at a.0.b: expected a string (and 1 more)',
    })
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('boom')
      },
    ],
    ['rejects', () => Promise.reject(new Error('boom'))],
  ])('that %s is callback/schema', async (_name, validate) => {
    await expect(Promise.resolve(decoded({ schema: schemaOf(validate) }).value)).resolves.toMatchObject({
      code: 'callback/schema',
      message: 'the schema threw: boom',
    })
  })

  test('that never settles ends after timeouts.callback', async () => {
    const { clock, value } = decoded({ schema: schemaOf(() => new Promise(() => undefined)) }, '1', { callbackMs: 500 })
    await clock.advance(500)
    await expect(value).resolves.toMatchObject({ code: 'timeout/callback' })
  })
})
