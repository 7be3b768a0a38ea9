/** `Retry-After`: valid values, malformed values, and any value in linear time. */
import { describe, expect, test } from 'vitest'
import { announcedWaitMs, parseHttpDate, retryAfterMs } from '../../src/policy/retry-after.ts'
import { anyText, fc } from '../support/property.ts'
import { figure } from '../support/figure.ts'

const NOW_MS = Date.UTC(2026, 0, 1, 12)
const DATES = {
  imf: 'Thu, 01 Jan 2026 12:00:30 GMT',
  rfc850: 'Thursday, 01-Jan-26 12:00:30 GMT',
  asctime: 'Thu Jan  1 12:00:30 2026',
}

describe('retryAfterMs', () => {
  test.each([
    ['0', 0],
    ['1', 1_000],
    ['120', 120_000],
    [' 7 ', 7_000],
    ['007', 7_000],
    ['\t7\t', 7_000],
    ['\u00a07\u00a0', 7_000],
    ['100000000000', 1e14],
    // Shopify, rate-limiter-flexible.
    ['2.0', 2_000],
    ['1.98', 1_980],
    ['1.5', 1_500],
    // Zoom.
    ['2026-01-01T12:00:30Z', 30_000],
    ['2026-01-01T12:00:30.250Z', 30_250],
    ['2026-01-01T13:00:30+01:00', 30_000],
    // A list: the longest.
    ['5, 5', 5_000],
    ['1, 60', 60_000],
    ['60,1', 60_000],
    ['soon, 3', 3_000],
    [`3, ${DATES.imf}`, 30_000],
    [`${DATES.rfc850}, 3`, 30_000],
    ['1,000', 1_000],
    // Seconds since 1970.
    [String(NOW_MS / 1_000 + 30), 30_000],
    [String(NOW_MS / 1_000 - 30), 0],
    [DATES.imf, 30_000],
    [DATES.rfc850, 30_000],
    [DATES.asctime, 30_000],
    ['Thu, 01 Jan 2026 11:59:59 GMT', 0],
    ['Fri, 31 Dec 2099 23:59:59 GMT', Date.UTC(2099, 11, 31, 23, 59, 59) - NOW_MS],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
  ])('reads %j as a wait of %d ms', (value, ms) => {
    expect(retryAfterMs(value, undefined, NOW_MS)).toBe(ms)
  })

  test.each([
    undefined,
    '',
    ' ',
    '-5',
    '-0',
    '+5',
    '\t',
    '5\t6',
    '5\n6',
    '5\0',
    '10 kB',
    '1_000',
    '5n',
    '.5',
    '5.',
    '1e999',
    '-Infinity',
    '５',
    '5\u200b',
    '−5',
    'abc',
    '0x2',
    '1e1',
    '5 s',
    '5s',
    '5;6',
    'Infinity',
    'NaN',
    '١',
    '9'.repeat(10_240),
    'x'.repeat(10_240),
    '2026-01-01T12:00:30',
    '2026-13-01T12:00:30Z',
    ',',
    'Thu, 01 Jan 2026 12:00:30',
    'Thu, 01 Jan 2026 12:00:30 UTC',
    'Thu, 01 Jan 2026 24:00:30 GMT',
    'Thu, 32 Jan 2026 12:00:30 GMT',
    'Mon, 30 Feb 2026 12:00:30 GMT',
    'Mon, 30 Feb 2026 12:00:60 GMT',
    'Thu, 00 Jan 2026 12:00:30 GMT',
    'thu, 01 jan 2026 12:00:30 gmt',
    'Thu, 01 Foo 2026 12:00:30 GMT',
  ])('ignores %j, so our own back-off is used', value => {
    expect(retryAfterMs(value, undefined, NOW_MS)).toBeUndefined()
  })

  test('a number of seconds beyond every date means a very long wait, not none', () => {
    const ms = retryAfterMs('9'.repeat(30), undefined, NOW_MS)
    expect(ms).toBeGreaterThan(1e14)
    expect(Number.isNaN(new Date(NOW_MS + (ms as number)).getTime())).toBe(false)
  })

  test.each([
    ['an hour behind', 'Thu, 01 Jan 2026 11:00:00 GMT', 'Thu, 01 Jan 2026 11:00:10 GMT'],
    ['an hour ahead', 'Thu, 01 Jan 2026 13:00:00 GMT', 'Thu, 01 Jan 2026 13:00:10 GMT'],
  ])("a date from a server whose clock is %s is judged against the response's own Date", (_name, date, value) => {
    expect(retryAfterMs(value, date, NOW_MS)).toBe(10_000)
  })

  test('seconds need no Date header, and an invalid one is ignored', () => {
    expect(retryAfterMs('10', 'Thu, 01 Jan 2026 13:00:00 GMT', NOW_MS)).toBe(10_000)
    expect(retryAfterMs(DATES.imf, 'yesterday', NOW_MS)).toBe(30_000)
  })
})

describe('announcedWaitMs', () => {
  const waitMs = (headers: Record<string, string>): number | undefined =>
    announcedWaitMs(Object.entries(headers).flat(), NOW_MS)

  test.each([
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after-ms': '1500' }, 1_500],
    [{ 'x-ms-retry-after-ms': '1500.2' }, 1_501],
    // @nestjs/throttler with named throttlers, MailerLite.
    [{ 'retry-after-short': '2', 'retry-after-long': '60' }, 60_000],
    [{ 'x-ratelimit-retry-after': '2' }, 2_000],
    [{ 'retry-after': '2', 'retry-after-ms': '1234' }, 1_234],
    [{ 'retry-after': '2', 'retry-after-ms': 'soon' }, 2_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'access-control-expose-headers': 'retry-after', 'x-retry-after-hint': '5' }, undefined],
  ])('reads %j as %s ms', (headers, ms) => {
    expect(waitMs(headers as Record<string, string>)).toBe(ms)
  })

  test('uses the longer one of two lines', () => {
    expect(announcedWaitMs(['retry-after', '3', 'retry-after', '7'], NOW_MS)).toBe(7_000)
  })
})

describe('parseHttpDate', () => {
  test.each(Object.entries(DATES))('reads the %s form', (_name, text) => {
    expect(parseHttpDate(text, NOW_MS)).toBe(NOW_MS + 30_000)
  })

  test('every second is read back as it was printed', () => {
    const second = fc.integer({ min: 0, max: 253_402_300_799 }).map(seconds => seconds * 1_000)
    fc.assert(
      fc.property(second, ms => {
        expect(parseHttpDate(new Date(ms).toUTCString(), NOW_MS)).toBe(ms)
      }),
    )
  })

  test('a two-digit year is at most fifty years ahead', () => {
    const yearOf = (digits: string): number =>
      new Date(parseHttpDate(`Sunday, 06-Nov-${digits} 08:49:37 GMT`, NOW_MS) as number).getUTCFullYear()
    expect([yearOf('94'), yearOf('00'), yearOf('26'), yearOf('76'), yearOf('77')]).toEqual([
      1994, 2000, 2026, 2076, 1977,
    ])
  })

  test('a leap second is the next minute', () => {
    expect(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT', NOW_MS)).toBe(Date.UTC(2017, 0, 1))
  })
})

test('any text, as value or as Date, gives a wait of at least 0 or undefined, and never throws', () => {
  const likely = fc
    .array(fc.constantFrom('Sun', 'Sunday', ', ', ' ', '06', '6', '-', 'Nov', '1994', '94', '08:49:37', ':', 'GMT'), {
      maxLength: 12,
    })
    .map(parts => parts.join(''))
  const text = fc.oneof(anyText(), fc.string(), likely, fc.constantFrom(...Object.values(DATES)))
  fc.assert(
    fc.property(text, text, (value, date) => {
      const ms = retryAfterMs(value, date, NOW_MS)
      expect(ms === undefined || (Number.isFinite(ms) && ms >= 0)).toBe(true)
    }),
    { numRuns: 1_000 },
  )
})

figure.each(['1', ' ', 'Sun, ', '0', 'Sun Nov  6 08:49:37 1994', 'A', 'a', ':'])(
  'A megabyte of %j is read in linear time, as value and as Date.',
  piece => {
    const text = piece.repeat(1_000_000 / piece.length)
    const startedAtMs = performance.now()
    retryAfterMs(text, undefined, NOW_MS)
    retryAfterMs(DATES.imf, text, NOW_MS)
    parseHttpDate(text, NOW_MS)
    expect(performance.now() - startedAtMs).toBeLessThan(50)
  },
)
