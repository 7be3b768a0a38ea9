import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { summary } from '../../../src/cli/demo/summary.ts'
import type { Facts } from '../../../src/cli/demo/summary.ts'
import { parallelRequests } from '../../../src/index.ts'
import type { FailedOutcome } from '../../../src/index.ts'
import { mockTransport } from '../../../src/testing/index.ts'

const plain = (_format: string, text: string): string => text

async function failuresOf(...statuses: readonly number[]): Promise<FailedOutcome[]> {
  const transport = mockTransport(({ url }) => ({ status: Number(url.slice(-3)), text: 'no' }))
  const specs = statuses.map(status => ({ url: `https://api.example.com/${status}`, key: `a/b-${status}` }))
  const outcomes = await parallelRequests(specs, { transport, onFailure: 'settle', maxRetries: 1 })
  return outcomes.filter(outcome => !outcome.ok)
}

const facts = (more: Partial<Facts> = {}): Facts => ({
  total: 300,
  ok: 300,
  failures: [],
  asPlanned: true,
  interrupted: false,
  elapsedMs: 6_040,
  retries: 41,
  pausedMs: 2_040,
  seen: { requests: 342, throttled: 3, mostAtOnce: 12 },
  file: 'results.jsonl',
  fileBytes: 182_882,
  columns: 100,
  ...more,
})

const rows = (text: string): string[] => text.split('\n').map(line => line.trim())

test('the summary of the demo gives counts, rate, retries, throttling, failures and the file', async () => {
  const failures = await failuresOf(404)
  expect(rows(summary(facts({ ok: 299, failures }), plain)).slice(1, 8)).toEqual([
    '299 of 300 fetched in 6.0 s, 1 failed as planned: the API never serves those.',
    '',
    'sent       342 requests, 57/s, at most 12 at once',
    'retried    38 × after a 500 or 503, with back-off',
    'throttled  3 × by a 429: the host was paused for 2.0 s',
    'failed     1 × http/404  a/b-404: 404',
    'file       results.jsonl: 300 lines, 183 kB, one outcome per line',
  ])
})

test('the summary of the demo groups failures by code, the most frequent first, each with an example', async () => {
  const failures = await failuresOf(500, 404, 404)
  const found = rows(summary(facts({ failures }), plain)).filter(line => line.includes(' × http/'))
  expect(found[0]).toMatch(/^failed +2 × http\/404 {2}a\/b-404: 404/)
  expect(found[1]).toMatch(/^1 × http\/500 {2}a\/b-500: 500 .*\(2 attempts\)$/)
})

test('the summary of the demo does not call unexpected failures planned', async () => {
  const failures = await failuresOf(404)
  expect(summary(facts({ failures, asPlanned: false }), plain)).toContain(
    '1 failed, but not the ones that were planned.',
  )
})

test('the summary of the demo omits retries and throttling that did not happen', () => {
  const text = summary(facts({ retries: 0, seen: { requests: 301, throttled: 0, mostAtOnce: 9 } }), plain)
  expect(text).not.toMatch(/retried|throttled|×/)
})

test('the summary of an interrupted demo says how many records are done', () => {
  expect(summary(facts({ interrupted: true, ok: 80 }), plain)).toContain(
    'Stopped: 80 of 300 done. The rest was not sent.',
  )
})

test('the summary of the demo fits the width of the terminal, and colours do not change its text', async () => {
  const failures = await failuresOf(404, 500)
  const narrow = summary(facts({ failures, columns: 80 }), plain)
  for (const line of narrow.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  const painted = summary(facts({ failures, columns: 80 }), (_, text) => `\u001B[36m${text}\u001B[39m`)
  expect(stripVTControlCharacters(painted)).toBe(narrow)
})
