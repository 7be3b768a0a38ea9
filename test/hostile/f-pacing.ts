/** Section F of the catalogue: statuses that ask the client to wait. */
import { verdictOf } from '../support/ask.ts'
import type { Act, Scenario } from '../support/hostile/scenario.ts'
import { reply, send } from '../support/hostile/steps.ts'
import type { Steps } from '../support/hostile/steps.ts'
import { answering, rawServer } from '../support/raw-server.ts'

export const url = import.meta.url

const status = (line: string, headers = ''): Steps => [reply('', headers, line)]
const ONCE_MORE = { maxRetries: 1 }
const HOUR_MS = 3_600_000

/** Refuses once, then answers. `withinMs`: how long the retry waited. */
const paused = (row: number, name: string, first: Steps, withinMs: readonly [number, number]): Scenario => ({
  row,
  name,
  plays: [first, [reply()]],
  // The other requests to this host wait as well.
  whole: true,
  look: ({ outcome }) => [outcome.value, outcome.attempts],
  sees: ['ok', 2],
  outcome: 'ok',
  // A refusal: nothing was done, whatever the method.
  retry: 'A',
  socket: 'K',
  withinMs,
})

/** An unreadable Retry-After is ignored: the status is a 503 like any other. */
const announced = (name: string, value: string): Scenario => ({
  row: 77,
  name,
  plays: [status('503 Busy', `Retry-After: ${value}\r\n`), [reply()]],
  options: ONCE_MORE,
  look: ({ outcome }) => outcome.attempts,
  sees: 2,
  outcome: 'ok',
  post: 'http/503',
  retry: 'I',
  socket: 'K',
})

const skewed = (name: string, offsetMs: number): Scenario =>
  paused(
    79,
    name,
    [
      send(() => {
        const nowMs = Date.now() + offsetMs
        const dates = `Date: ${new Date(nowMs).toUTCString()}\r\nRetry-After: ${new Date(nowMs + 1_000).toUTCString()}\r\n`
        return `HTTP/1.1 429 Slow\r\n${dates}Content-Length: 0\r\n\r\n`
      }),
    ],
    [900, 3_300],
  )

const parked = (name: string, headers: string): Scenario => ({
  row: 78,
  name,
  plays: [status('429 Slow', headers)],
  whole: true,
  parked: true,
  look: ({ outcome: { error } }) => (error?.retryAt ?? 0) > Date.now() + HOUR_MS,
  sees: true,
  outcome: 'http/429',
  retry: 'N',
  socket: '–',
})

const plain = (row: number, line: string, retry: 'A' | 'I' | 'N', socket: 'K' | 'X'): Scenario => ({
  row,
  name: line,
  plays: [status(line)],
  outcome: `http/${line.slice(0, 3)}`,
  retry,
  socket,
})

export const PACING: readonly (Scenario | Act)[] = [
  {
    row: 75,
    name: '503, then 200',
    plays: [status('503 Busy'), [reply()]],
    options: ONCE_MORE,
    look: ({ outcome }) => outcome.attempts,
    sees: 2,
    outcome: 'ok',
    post: 'http/503',
    retry: 'I',
    socket: 'K',
  },
  paused(76, 'Retry-After: 0', status('429 Slow', 'Retry-After: 0\r\n'), [0, 1_500]),
  paused(76, 'Retry-After: 1', status('429 Slow', 'Retry-After: 1\r\n'), [1_000, 2_300]),
  paused(76, 'Retry-After: 1, with 503', status('503 Busy', 'Retry-After: 1\r\n'), [1_000, 2_300]),
  paused(
    76,
    'Retry-After as a date',
    [
      send(
        () =>
          `HTTP/1.1 429 Slow\r\nRetry-After: ${new Date(Date.now() + 2_000).toUTCString()}\r\nContent-Length: 0\r\n\r\n`,
      ),
    ],
    [950, 3_300],
  ),
  announced('Retry-After: -5', '-5'),
  announced('Retry-After: abc', 'abc'),
  paused(77, 'Retry-After: 1.5', status('503 Busy', 'Retry-After: 1.5\r\n'), [1_500, 2_800]),
  announced('Retry-After: 0x2', '0x2'),
  announced('Retry-After: 1e1', '1e1'),
  announced('an empty Retry-After', ''),
  announced('a Retry-After of 10 kB', '9'.repeat(10_000)),
  parked('Retry-After: 100000000000', 'Retry-After: 100000000000\r\n'),
  parked('Retry-After in the year 2099', 'Retry-After: Thu, 01 Jan 2099 00:00:00 GMT\r\n'),
  skewed('Retry-After as a date, from a clock that is an hour ahead', HOUR_MS),
  skewed('Retry-After as a date, from a clock that is an hour behind', -HOUR_MS),
  plain(80, '425 Too Early', 'A', 'K'),
  plain(80, '421 Misdirected Request', 'A', 'X'),
  { ...plain(81, '500 Internal Server Error', 'N', 'K'), name: '500 to a POST', spec: { method: 'POST', json: 1 } },
  { ...plain(81, '500 Internal Server Error', 'I', 'K'), name: '500 to a GET' },
  {
    row: 82,
    name: '503 to every attempt',
    options: { maxRetries: 5, retry: { backoff: { base: '1ms', max: '2ms' } } },
    outcome: 'http/503',
    retry: 'I',
    socket: 'K',
    ways: ['plain'],
    async act(stage) {
      await using server = await rawServer(answering(connection => connection.reply('', { status: '503 Busy' })))
      const outcomes = await stage.askAll(Array.from({ length: 100 }, () => ({ url: server.origin })))
      const seen = server.requests.length
      // A reserve of ten, and a fifth of the requests: without a budget there would be 600.
      if (seen < 110 || seen > 130) return { verdict: `${seen} requests for 100` }
      return { verdict: [...new Set(outcomes.map(verdictOf))].join(', '), retry: 'I', socket: 'K' }
    },
  },
]
