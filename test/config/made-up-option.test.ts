/**
 * Options that exist in this test only, put into one group file: they are read, planned, overridden, sent to worker
 * threads and documented without another edit.
 */
import { MessagePort } from 'node:worker_threads'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { optionTable } from '../../scripts/reference/options.ts'
import { planClient } from '../../src/config/client-plan.ts'
import { receivedFields, sentFields } from '../../src/config/crossing.ts'
import { planBatch } from '../../src/config/plan.ts'
import type { BatchPlan } from '../../src/config/plan.ts'
import { prepare } from '../../src/config/prepare.ts'
import { readOptions } from '../../src/config/read.ts'
import { channels } from '../../src/client/channels.ts'
import { CallingThread } from '../../src/client/threads/sync-caller.ts'
import type { ToWorker } from '../../src/client/threads/sync-messages.ts'
import type { ToWire } from '../../src/client/threads/wire-messages.ts'
import type { Call } from '../../src/core/call.ts'
import { ParallelRequests, parallelRequestsSync } from '../../src/index.ts'

vi.mock('../../src/config/options/hooks.ts', async original => {
  const { count, func } = await import('../../src/config/kinds.ts')
  const { option } = await import('../../src/config/option.ts')
  const group: { HOOK_OPTIONS: object } = await original()
  return {
    ...group,
    HOOK_OPTIONS: {
      ...group.HOOK_OPTIONS,
      madeUp: option({
        scope: 'any',
        perSpec: true,
        read: count(0),
        default: 3,
        crosses: 'plain',
        unit: 'things',
        doc: 'A number that means nothing.',
      }),
      madeUpRule: option({ scope: 'any', perSpec: true, read: func, crosses: 'ask', doc: 'A function to be asked.' }),
      madeUpSink: option({ scope: 'any', read: func, crosses: 'drop', doc: 'A function that stays.' }),
      madeUpLimit: option({
        scope: 'client',
        read: count(1),
        default: 7,
        crosses: 'plain',
        unit: 'x',
        doc: 'A limit.',
      }),
      madeUpOrder: option({
        scope: 'call',
        plan: 'batch',
        read: count(1),
        default: 9,
        crosses: 'plain',
        doc: 'Order.',
      }),
      madeUpJar: option({
        scope: 'client',
        read: func,
        crosses: 'drop',
        inSync: () => ({ expected: 'none', remedy: 'It stays here.' }),
        doc: 'A function for which a sync call has no use.',
      }),
      madeUpTag: option({ scope: 'any', plan: 'request', read: count(1), default: 1, crosses: 'drop', doc: 'A tag.' }),
    },
  }
})

// Nothing listens there: what a worker is sent has been posted by the time that the request fails.
const NOBODY = 'http://127.0.0.1:9/'

const rule = (number: unknown): number => Number(number) * 2
const given = { madeUp: 5, madeUpRule: rule, madeUpSink: () => undefined }

const planOf = (client: object, call: object): BatchPlan =>
  planBatch(readOptions(client, 'constructor'), readOptions(call, 'request'), 20)

function callOf(input: unknown, plan: BatchPlan): Call {
  const call = prepare(input, { index: 0, key: undefined, params: undefined, nowMs: 0 }, plan.request)
  if ('refused' in call) throw new Error(call.refused.code)
  return call
}

afterEach(() => void vi.restoreAllMocks())

describe('a made-up option', () => {
  test('is read by its reader, and an invalid value is refused with the problem of the reader', () => {
    expect(readOptions({ madeUp: 5 }, 'request')).toMatchObject({ madeUp: 5 })
    expect(() => readOptions({ madeUp: -1 }, 'request')).toThrow('madeUp: expected an integer ≥ 0, got -1')
    expect(() => readOptions({ madeUpp: 1 }, 'request')).toThrow("Did you mean 'madeUp'?")
  })

  test('is in the plan that its entry names: its default, or the value of the client or the call', () => {
    expect(planOf({}, {}).request.call).toMatchObject({ madeUp: 3 })
    expect(planOf({ madeUp: 4 }, {}).request.call).toMatchObject({ madeUp: 4 })
    expect(planOf({ madeUp: 4 }, { madeUp: 5 }).request.call).toMatchObject({ madeUp: 5 })
    expect(planClient(readOptions({ madeUpLimit: 8 }, 'constructor'))).toMatchObject({ madeUpLimit: 8 })
    expect(planOf({}, {})).toMatchObject({ madeUpOrder: 9 })
    expect(planOf({}, { madeUpTag: 2 }).request).toMatchObject({ madeUpTag: 2 })
  })

  test('is overridden by a request, for that request only', () => {
    const plan = planOf({ madeUp: 4 }, {})
    expect(callOf({ url: NOBODY, madeUp: 6 }, plan).plan).toMatchObject({ madeUp: 6 })
    expect(callOf(NOBODY, plan).plan).toMatchObject({ madeUp: 4 })
    expect(
      prepare({ url: NOBODY, madeUp: -1 }, { index: 0, key: undefined, params: undefined, nowMs: 0 }, plan.request),
    ).toMatchObject({ refused: { code: 'invalid_request/options' } })
  })

  test('of the call plan leaves requests alike; one of the request plan makes them differ', () => {
    expect(planOf({}, { madeUp: 5 }).request.isAlike).toBe(true)
    expect(planOf({}, { madeUpTag: 2 }).request.isAlike).toBe(false)
  })

  test('is copied to the worker of a sync call, called on the calling thread, or omitted, as its entry says', () => {
    const posted = vi.spyOn(MessagePort.prototype, 'postMessage')
    const options = { ...given, madeUpLimit: 8, madeUpOrder: 10, onFailure: 'settle', maxRetries: 0 }
    parallelRequestsSync([NOBODY, { url: NOBODY, madeUp: 6 } as never], options as never)
    const messages = posted.mock.calls.map(([message]) => message as ToWorker)
    const order = messages.find(message => message.kind === 'order')?.order
    expect(order?.calls.map(call => call?.plan.values.madeUp)).toEqual([5, 6])
    expect(order?.calls[0]?.plan.asks).toEqual(['madeUpRule'])
    expect(order?.calls[0]?.plan.values).not.toHaveProperty('madeUpSink')
    expect(order?.client.values).toMatchObject({ madeUpLimit: 8 })
    expect(order?.batch.values).toMatchObject({ madeUpOrder: 10 })
  })

  test('is in the plan that a worker makes from the sent fields, with a stand-in for a function', () => {
    const sent = structuredClone(sentFields('call', planOf({}, given).request.call))
    const received = receivedFields('call', sent, path => () => `asked: ${path}`) as Record<string, unknown>
    expect(received).toMatchObject({ madeUp: 5, madeUpSink: undefined, maxRetries: 3 })
    expect((received.madeUpRule as () => string)()).toBe('asked: madeUpRule')
  })

  test('is refused by a sync call that cannot use its value', () => {
    expect(() => parallelRequestsSync([NOBODY], { madeUpJar: rule } as never)).toThrow(
      'madeUpJar: expected none in parallelRequestsSync, got a function. It stays here. Or await parallelRequests.',
    )
  })

  test('is called on the calling thread of a sync call if it is a function', () => {
    const client = planClient({})
    const caller = new CallingThread([NOBODY], planOf({}, given), channels)
    caller.order(client, {} as never)
    expect(caller.run(0, 'madeUpRule', [4])).toBe(8)
  })

  test('is in the plan that is sent to a thread of `workers`, for each request that overrides it', async () => {
    const posted = vi.spyOn(MessagePort.prototype, 'postMessage')
    await using client = new ParallelRequests({ ...given, workers: 1, maxRetries: 0 })
    const input = [NOBODY, { url: NOBODY, madeUp: 6 }, { url: NOBODY, madeUp: 6, timeout: '9s' }]
    await client.request(input, { onFailure: 'settle' })
    const sent = posted.mock.calls.flatMap(([message]) => (Array.isArray(message) ? (message as ToWire[]) : []))
    const plans = sent.flatMap(message => ('kind' in message && message.kind === 'plan' ? [message.changed] : []))
    expect(plans.map(plan => (plan as { madeUp?: number }).madeUp)).toEqual([5, 6, undefined])
    // What is as in the plan before it is not sent again.
    expect(Object.keys(plans[2] ?? {})).toEqual(['timeouts'])
    expect(plans[0]).not.toHaveProperty('madeUpRule')
  })

  test('is in the table of the reference', () => {
    expect(optionTable()).toContain(
      '| [`madeUp`](#madeup) | `3` | things | client, call, spec | A number that means nothing. |',
    )
  })
})
