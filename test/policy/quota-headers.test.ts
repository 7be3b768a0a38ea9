/** What a response says about its server's quota: every dialect, malformed values, and any text in linear time. */
import { describe, expect, test } from 'vitest'
import { readQuotas } from '../../src/policy/quota-headers.ts'
import type { SeenQuota } from '../../src/policy/quota-headers.ts'
import { anyText, fc } from '../support/property.ts'
import { strictest } from '../support/strictest.ts'
import { expectFigure, figure } from '../support/figure.ts'

const NOW_MS = Date.UTC(2026, 0, 1, 12)
const NOW_S = NOW_MS / 1_000
const DAY_MS = 86_400_000

function read(headers: Readonly<Record<string, string>>): SeenQuota | undefined {
  return strictest(readQuotas(Object.entries(headers).flat(), NOW_MS))
}

/** remaining, resetMs, limit, windowMs */
function seen(remaining: number, resetMs?: number, limit?: number, windowMs?: number): SeenQuota {
  return { remaining, resetMs, limit, windowMs }
}

describe('The current draft of the IETF', () => {
  const POLICY = '"default";q=100;w=60'
  test.each([
    ['"default";r=50;t=30', POLICY, seen(50, 31_000, 100, 60_000)],
    ['default;r=50;t=30', 'default;q=100;w=60', seen(50, 31_000, 100, 60_000)],
    ['  "default" ; r=50 ;  t=30 ', ' "default" ; q=100 ; w=60 ', seen(50, 31_000, 100, 60_000)],
    ['"default";t=30;r=50;pk=:dHJpYWwxMjEzMjM=:;x', `${POLICY};qu="requests";pk=:YQ==:`, seen(50, 31_000, 100, 60_000)],
    ['"default";r=50', POLICY, seen(50, undefined, 100, 60_000)],
    ['"default";r=0;t=60', POLICY, seen(0, 60_000, 100, 60_000)],
    ['"default";r=0;t=0', POLICY, seen(0, 1_000, 100, 60_000)],
    ['"other";r=50;t=90', POLICY, seen(50, 91_000)],
    ['"default";r=50;t=30, "daily";r=900;t=36000', `${POLICY}, "daily";q=1000;w=86400`, seen(50, 31_000, 100, 60_000)],
    [
      '"default";r=50;t=30, "daily";r=9;t=36000',
      `${POLICY}, "daily";q=1000;w=86400`,
      seen(9, 36_001_000, 1_000, DAY_MS),
    ],
    ['"a";r=5;t=30, "b";r=5;t=40, "c";r=5;t=20', '', seen(5, 41_000)],
    ['"a";r=5;t=30, "b";r=5', '', seen(5, 31_000)],
    ['"a,b;c=\\"d";r=5;t=30', '"a,b;c=\\"d";q=7;w=9', seen(5, 9_000, 7, 9_000)],
    // Of two windows with the same name, the longer one is the bound.
    ['"a";r=5;t=30', '"a";q=10;w=20, "a";q=10;w=25', seen(5, 25_000, 10, 25_000)],
    ['"a";r=5;t=30', '"a";q=10;w=20, "a";q=10', seen(5, 31_000, 10)],
  ])('is read from %j with the policy %j', (value, policy, expected) => {
    expect(read({ ratelimit: value, 'ratelimit-policy': policy })).toEqual(expected)
    expect(strictest(readQuotas(['ratelimit-policy', policy, 'ratelimit', value], NOW_MS))).toEqual(expected)
  })

  test('may be given in several lines', () => {
    const lines = ['ratelimit', '"a";r=5;t=30', 'date', 'x', 'ratelimit', '"b";r=4;t=40']
    expect(strictest(readQuotas(lines, NOW_MS))).toEqual(seen(4, 41_000))
  })
})

describe('Its draft 7', () => {
  test.each([
    ['limit=100, remaining=50, reset=5', '100;w=60', seen(50, 6_000, 100, 60_000)],
    ['limit=100,remaining=50,reset=5', '10;w=1, 100;w=60', seen(50, 6_000, 100, 60_000)],
    ['limit=100; remaining=50; reset=5', '', seen(50, 6_000, 100)],
    ['limit=10, remaining=0, reset=5', '10;w=3', seen(0, 3_000, 10, 3_000)],
    ['remaining=50, reset=5', '100;w=60', seen(50, 6_000)],
    ['remaining=50, remaining=50', '', seen(50)],
    ['remaining=50, remaining=5', '', undefined],
    ['remaining=50, reset=5, reset=6', '', seen(50)],
    ['limit=100, reset=5', '', undefined],
  ])('is read from %j with the policy %j', (value, policy, expected) => {
    expect(read({ ratelimit: value, 'ratelimit-policy': policy })).toEqual(expected)
  })
})

describe('Three headers', () => {
  test.each(['ratelimit-', 'x-ratelimit-', 'x-rate-limit-', 'x-ratelimit-requests-', 'anthropic-ratelimit-requests-'])(
    'named %s* are read',
    prefix => {
      const headers = { [`${prefix}limit`]: '100', [`${prefix}remaining`]: '50', [`${prefix}reset`]: '5' }
      expect(read(headers)).toEqual(seen(50, 6_000, 100))
    },
  )

  test.each([
    ['100, 100;w=60', '50', '90', seen(50, 60_000, 100, 60_000)],
    ['10, 10;w=1, 50;w=60, 1000;w=3600', '9', '1', seen(9, 1_000, 10, 1_000)],
    ['100;w=60', '50', '90', seen(50, 91_000)],
    // Several windows at once; a limit of 0 means that there is none.
    ['1, 15000', '1, 1000', '1, 1419704', seen(1, 2_000, 1)],
    ['1, 15000', '1, 0', '1, 1419704', seen(0, 1_419_705_000, 15_000)],
    ['1, 0', '1, 0', '1, 1419704', seen(1, 2_000, 1)],
    ['1, 15000', '1, 0', '1', seen(0, undefined, 15_000)],
    ['1', '1, 0', '1, 5', seen(0, 6_000)],
    ['100', '50, 40', '5, 6', seen(40, 7_000)],
    ['100', '595.0', '5', seen(595, 6_000, 100)],
  ])('are read from %j, %j and %j', (limit, remaining, reset, expected) => {
    for (const prefix of ['ratelimit-', 'x-ratelimit-']) {
      const headers = { [`${prefix}limit`]: limit, [`${prefix}remaining`]: remaining, [`${prefix}reset`]: reset }
      expect(read(headers)).toEqual(expected)
    }
  })

  test('find their window in a policy with the same limit', () => {
    const headers = { 'x-ratelimit-limit': '1, 15000', 'x-ratelimit-policy': '1;w=1, 15000;w=2592000' }
    expect(read({ ...headers, 'x-ratelimit-remaining': '0, 10', 'x-ratelimit-reset': '1, 1419704' })).toEqual(
      seen(0, 1_000, 1, 1_000),
    )
  })

  test('of OpenAI count requests; those for tokens are ignored', () => {
    const headers = {
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-limit-tokens': '150000',
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-requests': '6m0s',
      'x-ratelimit-reset-tokens': '1s',
    }
    expect(read(headers)).toEqual(seen(59, 361_000, 60))
    expect(
      read({ 'anthropic-ratelimit-tokens-remaining': '0', 'anthropic-ratelimit-tokens-reset': '5' }),
    ).toBeUndefined()
  })

  test.each([
    [
      'of GitHub',
      {
        'x-ratelimit-limit': '60',
        'x-ratelimit-remaining': '56',
        'x-ratelimit-reset': `${NOW_S + 30}`,
        'x-ratelimit-used': '4',
        'x-ratelimit-resource': 'core',
      },
      seen(56, 31_000, 60),
    ],
    [
      'of GitLab',
      {
        'ratelimit-limit': '60',
        'ratelimit-observed': '67',
        'ratelimit-remaining': '0',
        'ratelimit-reset': `${NOW_S + 30}`,
        'ratelimit-resettime': 'Thu, 01 Jan 2026 12:00:30 GMT',
      },
      seen(0, 31_000, 60),
    ],
    [
      'of Discord',
      {
        'x-ratelimit-limit': '5',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': `${NOW_S + 30}.123`,
        'x-ratelimit-reset-after': '64.57',
        'x-ratelimit-bucket': 'abcd1234',
      },
      seen(0, 64_570, 5),
    ],
    [
      'of Zendesk',
      {
        'x-rate-limit': '700',
        'x-rate-limit-remaining': '699',
        'ratelimit-limit': '700',
        'ratelimit-remaining': '699',
        'ratelimit-reset': '41',
      },
      seen(699, 42_000, 700),
    ],
    [
      'of Anthropic',
      {
        'anthropic-ratelimit-requests-limit': '50',
        'anthropic-ratelimit-requests-remaining': '49',
        'anthropic-ratelimit-requests-reset': '2026-01-01T12:00:30Z',
        'anthropic-ratelimit-tokens-remaining': '1',
      },
      seen(49, 31_000, 50),
    ],
    [
      'of Kong',
      {
        'x-ratelimit-limit-minute': '60',
        'x-ratelimit-remaining-minute': '57',
        'ratelimit-limit': '60',
        'ratelimit-remaining': '57',
        'ratelimit-reset': '20',
      },
      seen(57, 21_000, 60),
    ],
    [
      'of Kong, the old',
      {
        'x-ratelimit-limit-second': '5',
        'x-ratelimit-remaining-second': '4',
        'x-ratelimit-limit-hour': '600',
        'x-ratelimit-remaining-hour': '500',
      },
      seen(4, undefined, 5, 1_000),
    ],
    [
      'of Zendesk without a reset',
      { 'x-rate-limit': '700', 'x-rate-limit-remaining': '699' },
      seen(699, undefined, 700),
    ],
  ])('of %s are read', (_name, headers, expected) => {
    expect(read(headers)).toEqual(expected)
  })

  test('of two families give the smaller remaining, and the later reset when they are equal', () => {
    const ietf = { 'ratelimit-remaining': '5', 'ratelimit-reset': '5' }
    expect(read({ ...ietf, 'x-ratelimit-remaining': '4', 'x-ratelimit-reset': '1' })).toEqual(seen(4, 2_000))
    expect(read({ ...ietf, 'x-ratelimit-remaining': '5', 'x-ratelimit-reset': '9' })).toEqual(seen(5, 10_000))
    expect(read({ ...ietf, 'x-ratelimit-remaining': '5' })).toEqual(seen(5, 6_000))
  })
})

describe('A reset', () => {
  test.each([
    // Whole seconds may have been rounded down, so one is added.
    ['0', 1_000],
    ['5', 6_000],
    [' 5 ', 6_000],
    ['007', 8_000],
    ['5.25', 5_250],
    ['0.001', 1],
    // Times since 1970, in seconds and milliseconds.
    [`${NOW_S + 30}`, 31_000],
    [`${NOW_S + 30}.5`, 30_500],
    [`${NOW_MS + 30_000}`, 30_000],
    // Durations.
    ['1s', 2_000],
    ['6m0s', 361_000],
    ['120ms', 120],
    ['1m30.5s', 90_500],
    ['1h0m0s', 3_601_000],
    ['2m59.56s', 179_560],
    ['1d2h', 93_601_000],
    ['1s500ms', 1_500],
    // Dates.
    ['Thu, 01 Jan 2026 12:00:30 GMT', 31_000],
    ['Thursday, 01-Jan-26 12:00:30 GMT', 31_000],
    ['Thu Jan  1 12:00:30 2026', 31_000],
    ['2026-01-01T12:00:30Z', 31_000],
    ['2026-01-01t12:00:30z', 31_000],
    ['2026-01-01 12:00:30+00:00', 31_000],
    ['2026-01-01T14:00:30+0200', 31_000],
    ['2026-01-01T12:00:30.250Z', 30_250],
    ['2026-01-01T12:00:30.250123Z', 30_250],
    ['2026-01-01T12:01Z', 120_000],
    // In the past, and far in the future.
    [`${NOW_S - 30}`, 0],
    [`${NOW_S - 1}`, 0],
    ['2025-12-31T12:00:30Z', 0],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    [`${31 * 86_400 - 1}`, 31 * DAY_MS],
    [`${31 * 86_400}`, undefined],
    ['1000000000', undefined],
    [`${NOW_S + 32 * 86_400}`, undefined],
    ['9'.repeat(15), undefined],
    ['Fri, 31 Dec 2099 23:59:59 GMT', undefined],
    ['2099-01-01T00:00:00Z', undefined],
    // Malformed.
    ['', undefined],
    [' ', undefined],
    ['-5', undefined],
    ['+5', undefined],
    ['0x2', undefined],
    ['1e1', undefined],
    ['1e999', undefined],
    ['NaN', undefined],
    ['Infinity', undefined],
    ['5.', undefined],
    ['.5', undefined],
    ['5 s', undefined],
    ['5 seconds', undefined],
    ['s', undefined],
    ['1s1m', undefined],
    ['10 kB', undefined],
    ['5;6', undefined],
    ['٥', undefined],
    ['5\u00a06', undefined],
    ['soon', undefined],
    ['9'.repeat(16), undefined],
    ['2026-01-01', undefined],
    ['2026-01-01T12:00:30', undefined],
    ['2026-13-01T12:00:30Z', undefined],
    ['2026-01-01T25:00:30Z', undefined],
    ['2026-01-01T12.5Z', undefined],
    ['Thu, 01 Jan 2026 12:00:30 UTC', undefined],
    ['Thu, 01 Jan 2026 12:00:30 GMT, Thu, 01 Jan 2026 12:00:30 GMT', undefined],
    ['5, 6', undefined],
  ])('of %j is at most %s ms away', (value, resetMs) => {
    expect(read({ 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': value })).toEqual(seen(3, resetMs))
  })

  test.each([
    ['an hour behind', 'Thu, 01 Jan 2026 11:00:00 GMT', -3_600],
    ['an hour ahead', 'Thu, 01 Jan 2026 13:00:00 GMT', 3_600],
  ])(
    "from a server whose clock is %s is judged against the response's own Date if it is a time",
    (_name, date, offS) => {
      const at = (reset: string) => read({ date, 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': reset })?.resetMs
      expect(at(`${NOW_S + offS + 30}`)).toBe(31_000)
      expect(at(`${NOW_MS + offS * 1_000 + 30_000}`)).toBe(30_000)
      expect(at(new Date(NOW_MS + offS * 1_000 + 30_000).toUTCString())).toBe(31_000)
      expect(at(new Date(NOW_MS + offS * 1_000 + 30_000).toISOString())).toBe(30_000)
      expect(at('30')).toBe(31_000)
    },
  )

  test('is judged by our clock when the Date is not valid', () => {
    for (const date of ['yesterday', '', 'x'.repeat(100_000)]) {
      expect(read({ date, 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': `${NOW_S + 30}` })).toEqual(
        seen(3, 31_000),
      )
    }
  })

  test('in seconds wins over one given as a time', () => {
    const headers = { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '50' }
    expect(read({ ...headers, 'x-ratelimit-reset-after': '1.5' })).toEqual(seen(3, 1_500))
  })
})

describe('Remaining', () => {
  test.each([
    ['0', 0],
    ['7', 7],
    [' 7\t', 7],
    ['007', 7],
    ['7.9', 7],
    ['9007199254740991', 2 ** 53 - 1],
    ['9007199254740992', undefined],
    ['9'.repeat(17), undefined],
    ['-1', undefined],
    ['+1', undefined],
    ['1e3', undefined],
    ['1e999', undefined],
    ['0x10', undefined],
    ['NaN', undefined],
    ['Infinity', undefined],
    ['unlimited', undefined],
    ['', undefined],
    [' ', undefined],
    ['1 000', undefined],
    ['٧', undefined],
    ['"7"', undefined],
  ])('of %j is read as %s', (value, remaining) => {
    const expected = remaining === undefined ? undefined : seen(remaining)
    expect(read({ 'x-ratelimit-remaining': value })).toEqual(expected)
    expect(read({ ratelimit: `remaining=${value}` })).toEqual(expected)
  })

  test('may carry its window, as with Docker Hub', () => {
    expect(read({ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' })).toEqual(
      seen(76, undefined, undefined, 21_600_000),
    )
    expect(read({ ratelimit: 'remaining=7;w=60' })).toEqual(seen(7))
  })

  test.each(['-100', 'abc', '1e9', '', '9'.repeat(40)])('is used even if the limit is %j', limit => {
    expect(read({ 'x-ratelimit-remaining': '3', 'x-ratelimit-limit': limit })).toEqual(seen(3))
  })

  test('is ignored in a response from a cache', () => {
    expect(read({ age: '3', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9' })).toBeUndefined()
    expect(read({ age: '0', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9' })).toEqual(seen(0, 10_000))
  })
})

describe('Nothing is read from', () => {
  test.each([
    { 'content-type': 'text/plain', 'retry-after': '5' },
    { 'x-ratelimit-limit': '5', 'x-ratelimit-reset': '5' },
    { 'x-ms-ratelimit-remaining-subscription-reads': '5' },
    { 'x-ratelimit-remaining-tokens': '5' },
    { 'x-rate-limit-policy': 'gold' },
    { 'ratelimit-policy': '"default";q=100;w=60' },
    { ratelimit: '"open;r=5;t=3' },
    { ratelimit: '"default"' },
    { ratelimit: '"default";r;t' },
    { ratelimit: '"default";r=-5;t=3' },
    { ratelimit: '"default";r=5;r=6' },
    { ratelimit: ';;;,,,===' },
    { ratelimit: '' },
    { 'x-ratelimit-remaining': `${'1,'.repeat(40)}1` },
    { ratelimit: Array.from({ length: 40 }, () => 'a;r=1').join() },
  ])('%j', headers => {
    expect(read(headers)).toBeUndefined()
  })
})

const NAMES = [
  'ratelimit',
  'ratelimit-policy',
  ...['ratelimit-', 'x-ratelimit-', 'x-rate-limit-', 'anthropic-ratelimit-requests-'].flatMap(prefix =>
    ['limit', 'remaining', 'reset', 'reset-after', 'policy'].map(field => prefix + field),
  ),
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'date',
  'age',
]
const PIECES = [
  '"',
  '\\',
  ',',
  ';',
  '=',
  ' ',
  '\t',
  'r',
  't',
  'w',
  'q',
  'limit',
  'remaining',
  'reset',
  '0',
  '5',
  '1e9',
  '-',
]
const DATES = [
  'Thu, 01 Jan 2026 12:00:30 GMT',
  '2026-01-01T12:00:30Z',
  `${NOW_S}`,
  `${NOW_MS}`,
  '1m30.5s',
  'ms',
  '.',
  'NaN',
]

test('any text in any of the headers gives whole numbers within bounds, or undefined, and never throws', () => {
  const likely = fc.array(fc.constantFrom(...PIECES, ...DATES), { maxLength: 16 }).map(parts => parts.join(''))
  const text = fc.oneof(anyText(), fc.string(), likely)
  const headers = fc.array(fc.tuple(fc.constantFrom(...NAMES), text), { maxLength: 8 })
  fc.assert(
    fc.property(headers, fc.constantFrom(NOW_MS, 0, -1, 1e18), (pairs, epochMs) => {
      const quota = strictest(readQuotas(pairs.flat(), epochMs))
      if (quota === undefined) return
      const { remaining, resetMs = 0, limit = 1, windowMs = 1 } = quota
      expect(Number.isSafeInteger(remaining) && remaining >= 0).toBe(true)
      expect(resetMs >= 0 && resetMs <= 31 * DAY_MS && resetMs <= (quota.windowMs ?? Infinity)).toBe(true)
      expect(Number.isSafeInteger(limit) && limit > 0).toBe(true)
      expect(windowMs).toBeGreaterThan(0)
    }),
    { numRuns: 2_000 },
  )
})

figure('A megabyte of anything under any of the names is read in linear time.', () => {
  const piece = fc.oneof(fc.constantFrom(...PIECES, ...DATES), fc.string({ minLength: 1, maxLength: 8 }))
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), piece, fc.boolean(), (name, text, inLines) => {
      const repeated = text.repeat(1_000_000 / text.length)
      // As one value, and as a list of many short ones.
      const headers = inLines
        ? Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? name : text.repeat(50)))
        : [name, repeated]
      const startedAtMs = performance.now()
      strictest(readQuotas([...headers, 'x-ratelimit-remaining', '5', 'x-ratelimit-reset', `${NOW_S}`], NOW_MS))
      expectFigure(performance.now() - startedAtMs).toBeLessThan(50)
    }),
    { numRuns: 50 },
  )
})

test('the longest value that is read, full of policies, is parsed in linear time', () => {
  const remaining = Array.from({ length: 32 }, () => '1').join()
  const policies = Array.from({ length: 32 }, (_, i) => `1;w=${i + 1};p="${'x'.repeat(100)}"`).join()
  const headers = ['x-ratelimit-remaining', remaining, 'x-ratelimit-limit', remaining, 'x-ratelimit-policy', policies]
  const startedAtMs = performance.now()
  expect(strictest(readQuotas(headers, NOW_MS))).toEqual(seen(1, undefined, 1, 32_000))
  expectFigure(performance.now() - startedAtMs).toBeLessThan(20)
})
