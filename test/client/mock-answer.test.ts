/** What a mock transport refuses of its handler. */
import { expect, test } from 'vitest'
import { CODES } from '../../scripts/reference/error-codes.ts'
import { parallelRequests } from '../../src/index.ts'
import type { FaultCode } from '../../src/index.ts'
import { MOCK_FAULTS } from '../../src/testing/fault-codes.ts'
import { mockTransport, virtualClock } from '../../src/testing/index.ts'

test.each([
  [
    { staus: 500 },
    'the mock handler returned an unknown field, staus: the fields are status, headers, json, text, body, latencyMs, fault',
  ],
  [undefined, 'the mock handler returned undefined: return { json: … }'],
  ['{"id":7}', 'the mock handler returned a string: return { json: … }'],
  [
    { fault: 'conect/refused' },
    "the mock handler returned an unknown fault, 'conect/refused': did you mean 'connect/refused'?",
  ],
  [
    { fault: 'reset/of_the_universe' },
    "'reset/of_the_universe': the codes of this class are reset/before_headers, reset/mid_headers,",
  ],
  [{ fault: 'ECONNRESET' }, "'ECONNRESET': the classes of codes are dns, connect, tls,"],
  [{ fault: 'http/503' }, "'http/503': return { status: 503 }"],
  [{ status: 503, fault: 'truncated/lenght' }, "did you mean 'truncated/length'?"],
  [{ fault: 7 }, "a fault that is not a string: write it as 'connect/refused'"],
  [{ status: 0 }, 'the status 0: it has to be an integer from 200 to 999'],
  [{ status: Infinity }, 'the status Infinity: it has to be an integer'],
  [{ latencyMs: NaN }, 'the latencyMs NaN: it has to be a number of milliseconds ≥ 0'],
  [{ latencyMs: -1 }, 'the latencyMs -1: it has to be a number of milliseconds ≥ 0'],
])('a mock handler that returns %j fails its request and says why', async (answer, why) => {
  const transport = mockTransport(() => answer as never)
  const [outcome] = await parallelRequests(['https://api.example.com/7'], { transport, onFailure: 'settle' })
  expect(outcome?.error).toMatchObject({ code: 'internal/mock', message: expect.stringContaining(why) as unknown })
  expect(transport.requests).toHaveLength(1)
})

const documented = Object.keys(CODES)

test.each(Object.keys(MOCK_FAULTS) as (keyof typeof MOCK_FAULTS)[])(
  'a mock handler can give every documented failure of the class %s',
  async of => {
    const known = MOCK_FAULTS[of].map(detail => `${of}/${detail}`)
    expect(known.toSorted()).toEqual(documented.filter(code => code.startsWith(`${of}/`)).toSorted())
    const transport = mockTransport(({ index }) => ({ fault: known[index] as FaultCode }))
    const urls = known.map((_, index) => `https://api.example.com/${index}`)
    const outcomes = await parallelRequests(urls, { transport, onFailure: 'settle', maxRetries: 0 })
    expect(outcomes.map(({ error }) => error?.code)).toEqual(known)
  },
)

test('a mocked response with an infinite latency never arrives, so that a time limit ends the attempt', async () => {
  const transport = mockTransport(() => ({ json: 1, latencyMs: Infinity }))
  const [outcome] = await parallelRequests(['https://api.example.com/7'], {
    transport,
    onFailure: 'settle',
    maxRetries: 0,
    timeout: '1h',
  })
  expect(outcome?.error?.code).toMatch(/^timeout\//)
  expect(transport.clock.now()).toBeLessThanOrEqual(3_600_000)
})

test('a virtual clock does not jump to a timer that never fires', () => {
  const clock = virtualClock()
  const fired: string[] = []
  clock.after(Infinity, () => fired.push('never'))
  expect(clock.advanceToNext()).toBe(false)
  clock.after(10, () => fired.push('later'))
  expect(clock.advanceToNext()).toBe(true)
  expect(fired).toEqual(['later'])
  expect(clock.now()).toBe(10)
})

test.each([Infinity, NaN, -1])('a virtual clock refuses to advance by %d and keeps its time', async ms => {
  const clock = virtualClock()
  await expect(clock.advance(ms)).rejects.toThrow(`advance: expected a number of milliseconds ≥ 0, got ${ms}.`)
  expect(clock.now()).toBe(0)
})

test.each([Infinity, NaN])('a virtual clock refuses to start at %d', startEpochMs => {
  expect(() => virtualClock(startEpochMs)).toThrow('virtualClock: expected epoch milliseconds')
})
