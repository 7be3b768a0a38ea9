/**
 * The table of rate-limit dialects in docs/limits.md. A counting server plays each row in virtual time. A row without a
 * play fails, and so does a play without a row.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import type { ClientOptions } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { MockTransport } from '../../src/testing/index.ts'
import { down, quotaServer, up } from '../support/quota-server.ts'
import type { Count, QuotaPlan } from '../support/quota-server.ts'

type Headers = Readonly<Record<string, string>>

const urlsOf = (count: number, path = ''): string[] =>
  Array.from({ length: count }, (_, n) => `http://a.test/${path}${path === '' ? '' : '/'}${n}`)

async function send(transport: MockTransport, urls: readonly string[], options: ClientOptions = {}) {
  const client = new ParallelRequests({ transport, concurrency: 5, maxRetries: 0, ...options })
  const outcomes = await client.request(urls, { onFailure: 'settle' })
  await client.close()
  return outcomes.map(outcome => (outcome.ok ? 'ok' : outcome.error.code))
}

/** Thirty requests with a quota of ten: all are answered, few are refused, and it takes no longer than necessary. */
function counted(publish: (count: Count) => Headers, { refused = 1, mostMs = 25_000, ...plan }: Partial<Counted> = {}) {
  return async (): Promise<void> => {
    const server = quotaServer({ kind: 'first request', limit: 10, windowMs: 6_000, publish, ...plan })
    const codes = await send(server.transport, urlsOf(30, 'items'))
    expect(new Set(codes)).toEqual(new Set(['ok']))
    expect(server.refusedAtMs.length).toBeLessThanOrEqual(refused)
    expect(server.transport.clock.now()).toBeLessThanOrEqual(mostMs)
  }
}

interface Counted extends QuotaPlan {
  readonly refused: number
  readonly mostMs: number
}

/** The first answer refuses and announces "in two seconds" in its dialect: the second attempt starts then. */
function refusedOnce(status: number, headersOf: (epochMs: number) => Headers, options: ClientOptions = {}) {
  return async (): Promise<void> => {
    const transport = mockTransport(({ atMs }) =>
      atMs === 0 ? { status, headers: headersOf(transport.clock.epochMs()) } : { json: {} },
    )
    expect(await send(transport, urlsOf(1), options)).toEqual(['ok'])
    expect(transport.requests).toHaveLength(2)
    expect(transport.requests[1]?.atMs).toBeGreaterThanOrEqual(1_980)
    expect(transport.requests[1]?.atMs).toBeLessThanOrEqual(4_100)
  }
}

const inTwo = (epochMs: number): number => up(epochMs) + 2
const x = ({ limit, left }: Count, reset: string, more: Headers = {}): Headers => ({
  'x-ratelimit-limit': `${limit}`,
  'x-ratelimit-remaining': `${left}`,
  'x-ratelimit-reset': reset,
  ...more,
})
const ietf = ({ limit, left }: Count, reset: string): Headers => ({
  'ratelimit-limit': `${limit}`,
  'ratelimit-remaining': `${left}`,
  'ratelimit-reset': reset,
})
const go = (ms: number): string => `${Math.floor(ms / 60_000)}m${((ms % 60_000) / 1_000).toFixed(3)}s`
const bucket = { kind: 'bucket', limit: 20, windowMs: 10_000, mostMs: 12_000, refused: 2 } as const

/** The core quota is used up for half an hour; requests that count in another quota go on. */
async function resources(): Promise<void> {
  const server = quotaServer({
    kind: 'first request',
    limit: 10,
    windowMs: 1_800_000,
    refusal: 403,
    bucketOf: url => (url.includes('/search/') ? 'search' : 'core'),
    publish: (count, { url }) =>
      x(count, `${up(count.resetEpochMs)}`, { 'x-ratelimit-resource': url.includes('/search/') ? 'search' : 'core' }),
  })
  const codes = await send(server.transport, [...urlsOf(15, 'repos'), ...urlsOf(10, 'search')])
  expect(codes.slice(15)).toEqual(Array.from({ length: 10 }, () => 'ok'))
  expect(codes.slice(0, 15).filter(code => code === 'ok')).toHaveLength(10)
  // One probe is sent. Its refusal fails the other requests of the quota.
  expect(codes.filter(code => code === 'http/403')).toHaveLength(1)
  expect(codes.filter(code => code === 'paused/retry_after')).toHaveLength(4)
  expect(server.refusedAtMs).toHaveLength(1)
  expect(Math.max(...server.takenAtMs)).toBeLessThan(1_000)
}

/** Named policies with a window, without a reset time, and in other units. */
async function policies(): Promise<void> {
  const policy = '"open";q=1;qu="concurrent-requests", "minute";q=10;w=6'
  await counted(({ left, resetMs }) => ({
    'ratelimit-policy': policy,
    ratelimit: `"open";r=0, "minute";r=${left};t=${up(resetMs)}`,
  }))()
  await counted(({ left }) => ({ 'ratelimit-policy': policy, ratelimit: `"minute";r=${left}` }))()
}

async function expressRateLimit(): Promise<void> {
  await counted(count => x(count, `${up(count.resetEpochMs)}`))()
  await counted(count => ({ ...ietf(count, `${up(count.resetMs)}`), 'ratelimit-policy': '10;w=6' }))()
  await counted(({ limit, left, resetMs }) => ({
    'ratelimit-policy': '10;w=6',
    ratelimit: `limit=${limit}, remaining=${left}, reset=${up(resetMs)}`,
  }))()
  await counted(({ left, resetMs }) => ({
    'ratelimit-policy': '"10-in-6sec"; q=10; w=6; pk=:YTE0:',
    ratelimit: `"10-in-6sec"; r=${left}; t=${up(resetMs)}`,
  }))()
}

/** Rounded down to whole seconds, the pause ends too early: the server refuses once more. */
const koa = counted(
  count => x(count, `${down(count.resetEpochMs)}`, count.ok ? {} : { 'retry-after': `${down(count.resetMs)}` }),
  { refused: 4 },
)

const PLAYS: Readonly<Record<string, () => Promise<void>>> = {
  'GitHub REST': resources,
  'GitHub, secondary limit': refusedOnce(403, epochMs => ({
    'retry-after': '2',
    'x-ratelimit-remaining': '4900',
    'x-ratelimit-reset': `${up(epochMs) + 3_000}`,
  })),
  'GitLab, Twitch': counted(count => ietf(count, `${down(count.resetEpochMs)}`)),
  Linear: counted(({ limit, left, resetEpochMs }) => ({
    'x-ratelimit-requests-limit': `${limit}`,
    'x-ratelimit-requests-remaining': `${left}`,
    'x-ratelimit-requests-reset': `${resetEpochMs}`,
    'x-ratelimit-complexity-remaining': '0',
    'x-ratelimit-complexity-reset': `${resetEpochMs + 3_600_000}`,
  })),
  RapidAPI: counted(({ limit, left, resetMs }) => ({
    'x-ratelimit-requests-limit': `${limit}`,
    'x-ratelimit-requests-remaining': `${left}`,
    'x-ratelimit-requests-reset': `${up(resetMs)}`,
  })),
  Reddit: counted(count => ({ ...x(count, `${up(count.resetMs)}`), 'x-ratelimit-remaining': `${count.left}.0` })),
  'OpenAI, Groq': async () => {
    await counted(
      ({ limit, left, resetMs }) => ({
        'x-ratelimit-limit-requests': `${limit}`,
        'x-ratelimit-remaining-requests': `${left}`,
        'x-ratelimit-reset-requests': go(resetMs),
        'x-ratelimit-remaining-tokens': '149000',
        'x-ratelimit-reset-tokens': '6m0s',
      }),
      bucket,
    )()
    await refusedOnce(429, () => ({
      'x-ratelimit-remaining-requests': '50',
      'x-ratelimit-reset-requests': '8m0s',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '2s',
    }))()
  },
  Anthropic: async () => {
    await counted(
      ({ limit, left, resetEpochMs }) => ({
        'anthropic-ratelimit-requests-limit': `${limit}`,
        'anthropic-ratelimit-requests-remaining': `${left}`,
        'anthropic-ratelimit-requests-reset': new Date(up(resetEpochMs) * 1_000).toISOString().replace('.000', ''),
      }),
      bucket,
    )()
    await refusedOnce(529, () => ({ 'retry-after': '2' }))()
  },
  'A bucket by any other name': counted(count => x(count, (count.resetMs / 1_000).toFixed(3)), bucket),
  'Together AI': refusedOnce(429, () => ({ 'x-ratelimit-reset': '2' })),
  'Shopify REST': refusedOnce(429, () => ({ 'retry-after': '2.0', 'x-shopify-shop-api-call-limit': '40/40' })),
  'Blockscout, Prisjakt': counted(count => x(count, `${Math.round(count.resetMs)}`), {
    limit: 5,
    windowMs: 1_000,
    refused: 2,
    mostMs: 20_000,
  }),
  'Jira Cloud': refusedOnce(429, epochMs => ({
    'retry-after': '2',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': `${new Date(epochMs + 60_000).toISOString().slice(0, 16)}Z`,
  })),
  Zoom: refusedOnce(429, epochMs => ({
    'retry-after': new Date(inTwo(epochMs) * 1_000).toISOString().replace('.000', ''),
  })),
  Zendesk: counted(count => ({
    'x-rate-limit': `${count.limit}`,
    'x-rate-limit-remaining': `${count.left}`,
    ...ietf(count, `${up(count.resetMs)}`),
  })),
  Discord: counted(count =>
    x(count, (count.resetEpochMs / 1_000).toFixed(3), {
      'x-ratelimit-reset-after': (count.resetMs / 1_000).toFixed(3),
      'x-ratelimit-bucket': 'abcd1234',
    }),
  ),
  'Docker Hub': counted(({ limit, left }) => ({
    'ratelimit-limit': `${limit};w=6`,
    'ratelimit-remaining': `${left};w=6`,
  })),
  Kong: counted(
    ({ limit, left, resetMs }) => ({
      'x-ratelimit-limit-minute': `${limit}`,
      'x-ratelimit-remaining-minute': `${left}`,
      'ratelimit-limit': `${limit}`,
      'ratelimit-remaining': `${left}`,
      'ratelimit-reset': `${up(resetMs)}`,
    }),
    { windowMs: 60_000, mostMs: 200_000 },
  ),
  'Microsoft Graph, Atlassian': async () => {
    await refusedOnce(429, () => ({ 'retry-after': '2' }))()
    await refusedOnce(509, () => ({ 'retry-after': '2' }))()
    await refusedOnce(504, () => ({ 'retry-after': '2' }), { maxRetries: 1 })()
  },
  Laravel: refusedOnce(429, epochMs => ({ 'x-ratelimit-limit': '60', 'x-ratelimit-reset': `${inTwo(epochMs)}` })),
  'Django REST framework': refusedOnce(429, () => ({ 'retry-after': '2' })),
  'nginx, HAProxy': async () => {
    const transport = mockTransport(({ atMs }) => (atMs === 0 ? { status: 429 } : { json: {} }))
    expect(await send(transport, urlsOf(1))).toEqual(['ok'])
    expect(transport.requests[1]?.atMs).toBeLessThanOrEqual(500)
  },
  'express-rate-limit': expressRateLimit,
  '@fastify/rate-limit, hono-rate-limiter': counted(count => x(count, `${up(count.resetMs)}`)),
  'rate-limiter-flexible': refusedOnce(429, () => ({ 'retry-after': '1.98' })),
  'koa-ratelimit': koa,
  '@nestjs/throttler, named': refusedOnce(429, () => ({ 'retry-after-short': '2' })),
  MailerLite: refusedOnce(429, () => ({ 'x-ratelimit-retry-after': '2' })),
  'Azure OpenAI': refusedOnce(429, () => ({ 'retry-after-ms': '2000', 'retry-after': '60' })),
  'IETF draft': policies,
}

function rowsOfTable(): string[] {
  const page = readFileSync(new URL('../../docs/limits.md', import.meta.url), 'utf8')
  const section = page.slice(page.indexOf('## Dialects'))
  const lines = section.slice(0, section.indexOf('\n## ', 1)).split('\n')
  return lines
    .filter(line => line.startsWith('| '))
    .map(line => (line.split('|')[1] ?? '').trim())
    .slice(1)
}

test('every dialect in the table of docs/limits.md is played here, and nothing else', () => {
  expect(rowsOfTable()).toEqual(Object.keys(PLAYS))
})

describe('a server with the dialect of', () => {
  // oxlint-disable-next-line vitest/expect-expect -- each play has its own assertions
  test.each(Object.entries(PLAYS))('%s is handled as its table row says', async (_name, play) => {
    await play()
  })
})
