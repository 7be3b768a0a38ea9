/** Runs that are built to wait for one thing each, over real sockets: the statistics name it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ParallelRequests } from '../../../src/index.ts'
import type { BatchDrainOptions, ClientOptions, Limiting, RequestInputs, Statistics } from '../../../src/index.ts'
import { echoServer } from '../../support/echo-server.ts'
import type { Respond } from '../../support/echo-server.ts'

interface Case {
  readonly respond: Respond
  readonly client: ClientOptions
  readonly requests: number
  readonly options?: BatchDrainOptions
  readonly input?: (urls: readonly string[]) => RequestInputs
  readonly advice: RegExp
}

const after =
  (delayMs: number): Respond =>
  (_, response) =>
    void setTimeout(() => response.end('1'), delayMs)

/** One request after the other, each for so long. */
function oneByOne(eachMs: number): Respond {
  let free = 0
  return (_, response) => {
    free = Math.max(free, performance.now()) + eachMs
    setTimeout(() => response.end('1'), free - performance.now())
  }
}

/** Refuses each request so many times. */
function refusing(times: number, delayMs = 0): Respond {
  const seen = new Map<string, number>()
  return ({ url }, response) => {
    const count = (seen.get(url) ?? 0) + 1
    seen.set(url, count)
    setTimeout(() => response.writeHead(count > times ? 200 : 503).end('1'), delayMs)
  }
}

/** Asks for a pause of a second, once. */
function pausing(): Respond {
  let asked = false
  return (_, response) => {
    if (asked) return void setTimeout(() => response.end('1'), 5)
    asked = true
    response.writeHead(429, { 'retry-after': '2' }).end()
  }
}

function burnCpu(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

const CASES: readonly (readonly [string, Limiting, Case])[] = [
  [
    'a rate',
    'rate',
    {
      respond: after(1),
      client: { concurrency: 20, rateLimit: '40/s' },
      requests: 80,
      advice: /^rate 40\/s was the limit for \d+ % of the run; concurrency 20 was never used above \d+\.$/,
    },
  ],
  [
    'a rate of the host',
    'rate',
    {
      respond: after(1),
      client: { concurrency: 20, perHost: { rateLimit: '40/s' } },
      requests: 80,
      advice: /^rate 40\/s of 127\.0\.0\.1:\d+ was the limit for/,
    },
  ],
  [
    'its concurrency',
    'concurrency',
    {
      respond: after(60),
      client: { concurrency: 4 },
      requests: 100,
      advice: /^concurrency 4 was the limit for \d+ % of the run: all its slots were in use/,
    },
  ],
  [
    'the concurrency of the host',
    'concurrency',
    {
      respond: after(60),
      client: { perHost: { concurrency: 3 } },
      requests: 80,
      advice:
        /^concurrency 3 of 127\.0\.0\.1:\d+ was the limit for .* A higher limit \(perHost\.concurrency\) may be faster\.$/,
    },
  ],
  [
    'the most slots of auto',
    'concurrency',
    {
      respond: after(60),
      client: { concurrency: 'auto', maxConcurrency: 3 },
      requests: 80,
      advice: /^maxConcurrency 3 was the limit for .* A higher limit \(maxConcurrency\) may be faster\.$/,
    },
  ],
  [
    'a hook that holds slots',
    'consumer',
    {
      respond: after(1),
      client: { concurrency: 5, hooks: { beforeRequest: () => sleep(200) } },
      requests: 40,
      advice:
        /^a function of the caller was the limit for \d+ % of the run: up to 5 requests at once waited for a hook/,
    },
  ],
  [
    'onChunk, which holds slots',
    'consumer',
    {
      respond: after(1),
      client: { concurrency: 5 },
      requests: 40,
      options: { returnType: 'stream', onChunk: () => sleep(200) },
      advice: /^a function of the caller was the limit for \d+ % of the run: up to 5 requests at once/,
    },
  ],
  [
    'a server that has all requests',
    'server',
    {
      respond: after(1_200),
      client: { concurrency: 40 },
      requests: 8,
      advice: /^the server was the limit for \d+ % of the run: nothing waited/,
    },
  ],
  [
    'a server that takes one request at a time',
    'server',
    {
      respond: oneByOne(60),
      client: { concurrency: 16 },
      requests: 48,
      advice:
        /^the server was the limit for \d+ % of the run: the first byte took \S+ with most slots in use and \S+ with few/,
    },
  ],
  [
    'back-off',
    'retries',
    {
      respond: refusing(2),
      client: { concurrency: 20, maxRetries: 2, retry: { backoff: () => 700, budget: { reserve: Infinity } } },
      requests: 6,
      advice: /^retrying was the limit for \d+ % of the run: 12 retries of 6 requests/,
    },
  ],
  [
    'slots that repeats take',
    'retries',
    {
      respond: refusing(4, 40),
      client: { concurrency: 3, maxRetries: 4, retry: { backoff: () => 1, budget: { reserve: Infinity } } },
      requests: 30,
      advice: /^retrying was the limit for/,
    },
  ],
  [
    'a pause of the host',
    'pause',
    {
      respond: pausing(),
      client: { concurrency: 1 },
      requests: 40,
      advice: /^a pause that 127\.0\.0\.1:\d+ asked for was the limit for/,
    },
  ],
  [
    'this process',
    'cpu',
    {
      respond: after(0),
      client: { concurrency: 10 },
      requests: 80,
      options: { parseFunc: () => burnCpu(20) },
      // Others may have the CPU while the tests run.
      advice: /^this (?:process|machine) was the limit for \d+ % of the run: .* busy for \d+ % of that time/,
    },
  ],
  [
    'its consumer',
    'consumer',
    {
      respond: after(1),
      client: { concurrency: 10 },
      requests: 40,
      options: { window: 10, sink: { write: () => sleep(300), close: () => undefined } },
      advice: /^the consumer of the outcomes was the limit for \d+ % of the run: up to \d+ of them/,
    },
  ],
  [
    'a sink that has everything and is not done',
    'consumer',
    {
      respond: after(1),
      client: { concurrency: 10 },
      requests: 20,
      options: { sink: { write: () => undefined, close: () => sleep(2_000) } },
      advice:
        /^the consumer of the outcomes was the limit for \d+ % of the run: up to \d+ of them waited to be taken\.$/,
    },
  ],
  [
    'its input',
    'input',
    {
      respond: after(1),
      client: { concurrency: 10 },
      requests: 25,
      input: async function* (urls: readonly string[]) {
        for (const url of urls) {
          await sleep(50)
          yield url
        }
      },
      advice: /^the input was the limit for \d+ % of the run: the next request had not arrived/,
    },
  ],
]

async function statisticsOf({ respond, client: given, requests, options = {}, input }: Case): Promise<Statistics> {
  const server = await echoServer(respond)
  const client = new ParallelRequests(given)
  const urls = Array.from({ length: requests }, (_, n) => `${server.url}/${n}`)
  const { statistics } = await client.drain(input?.(urls) ?? urls, options)
  await client.close()
  return statistics
}

describe('the statistics of a run that waits for', () => {
  test.each(CASES)('%s name the %s', async (_, cause, given) => {
    const { limitedBy, shares = {}, advice, requests } = await statisticsOf(given)
    expect({ limitedBy, advice }).toEqual({ limitedBy: cause, advice: expect.stringMatching(given.advice) })
    expect(requests).toBe(given.requests)
    const all = Object.values(shares)
    expect(all.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 1)
    expect(shares[cause]).toBe(Math.max(...all))
  })
})

test('a loop that takes its time counts until its end, whatever the window', async () => {
  const server = await echoServer(after(1))
  const client = new ParallelRequests()
  const stream = client.stream(Array.from({ length: 10 }, (_, n) => `${server.url}/${n}`))
  for await (const { ok } of stream) if (ok) await sleep(200)
  const { limitedBy, elapsedMs } = stream.statistics()
  await client.close()
  expect(limitedBy).toBe('consumer')
  expect(elapsedMs).toBeGreaterThanOrEqual(10 * 200 - 10)
})

test('what another run of the same client waits for is not a cause', async () => {
  const [slow, limited] = await Promise.all([echoServer(after(1_500)), echoServer(after(1))])
  const { host } = new URL(limited.url)
  const client = new ParallelRequests({ hosts: { [host]: { rateLimit: '10/s' } } })
  const urlsOf = ({ url }: { readonly url: string }, count: number): string[] =>
    Array.from({ length: count }, (_, n) => `${url}/${n}`)
  const [first, second] = await Promise.all([client.drain(urlsOf(slow, 5)), client.drain(urlsOf(limited, 30))])
  await client.close()
  expect([first.statistics.limitedBy, second.statistics.limitedBy]).toEqual(['server', 'rate'])
})
