/**
 * `ok` means complete: a response with one wrong byte, or with its end cut off, is never `ok` with another body unless
 * it is flagged.
 */
import { expect, it } from 'vitest'
import { clientOf } from '../support/ask.ts'
import { randomFrom, seed } from '../support/property.ts'
import { answerServer } from './answer-server.ts'
import { GOOD, mutated, mutationOf } from './mutations.ts'
import { SEEDED, limitMs, runs } from './runs.ts'

const MUTATIONS = runs(20_000)

it(
  `${MUTATIONS} mutations of ${GOOD.length} responses are never silently wrong (${SEEDED})`,
  async () => {
    const random = randomFrom(seed)
    const trials = Array.from({ length: MUTATIONS }, (_, n) => {
      const good = GOOD[n % GOOD.length] as (typeof GOOD)[number]
      return { good, mutation: mutationOf(good, random), end: random() < 0.95 ? ('fin' as const) : ('rst' as const) }
    })
    await using server = await answerServer(path => {
      const { good, mutation, end } = trials[Number(path.slice(1))] as (typeof trials)[number]
      return { bytes: mutated(good.bytes, mutation), end }
    })
    await using client = clientOf({ concurrency: 32, maxRetries: 0, timeout: '20s' })
    const codes = new Map<string, number>()
    const silent: string[] = []
    const urls = trials.map((_, n) => `${server.origin}/${n}`)
    for await (const outcome of client.stream(urls, { returnType: 'content' })) {
      const { good, mutation } = trials[outcome.index] as (typeof trials)[number]
      const code = outcome.ok ? 'ok' : outcome.error.code
      codes.set(code, (codes.get(code) ?? 0) + 1)
      if (!outcome.ok || good.body.equals(outcome.value)) continue
      const isFlagged = outcome.response.integrity === 'unverified' || outcome.warnings.length > 0
      if (!isFlagged)
        silent.push(
          `${good.what}: ${JSON.stringify(mutation)} gave ${outcome.response.status}, ${outcome.value.byteLength} bytes`,
        )
    }
    expect(silent.slice(0, 20)).toEqual([])
    // The property proves nothing if no mutation did harm, or every one did.
    expect(codes.get('ok')).toBeGreaterThan(MUTATIONS / 100)
    expect(codes.get('internal/unknown')).toBeUndefined()
    for (const code of [
      'truncated/length',
      'truncated/chunked',
      'decode/corrupt',
      'protocol/chunk',
      'reset/mid_headers',
    ]) {
      expect([code, codes.get(code) ?? 0]).not.toEqual([code, 0])
    }
  },
  limitMs(),
)
