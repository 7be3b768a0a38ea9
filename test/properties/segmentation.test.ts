/** The outcome does not depend on how TCP cuts the bytes: every answer, cut anywhere. */
import { expect, it } from 'vitest'
import { ANSWERS } from '../differential/answers.ts'
import { clientOf, verdictOf } from '../support/ask.ts'
import { randomFrom, seed } from '../support/property.ts'
import { answerServer } from './answer-server.ts'
import { SEEDED, limitMs, runs } from './runs.ts'

/**
 * Without the answers that end in silence, which take their whole timeout. Without the one whose surplus bytes look
 * like a late answer when they arrive alone: they fail the next request on the connection.
 */
const SPEEDY = ANSWERS.filter(({ ours, what }) => !/^(timeout|redirect)\//.test(ours) && what !== 'bytes after the end')
const SLICINGS = runs(10_000)

/** A few cuts anywhere, mostly in the head; sometimes before every byte of a small answer. */
function cutsOf(length: number, random: () => number): number[] {
  if (length < 200 && random() < 0.02) return Array.from({ length: length - 1 }, (_, n) => n + 1)
  const count = 1 + Math.floor(random() * 6)
  const within = random() < 0.5 ? Math.min(length, 120) : length
  return Array.from({ length: count }, () => Math.floor(random() * within)).toSorted((a, b) => a - b)
}

it(
  `${SLICINGS} slicings of ${SPEEDY.length} answers change neither code nor body (${SEEDED})`,
  async () => {
    const random = randomFrom(seed)
    const plans = Array.from({ length: SLICINGS }, (_, n) => {
      const answer = SPEEDY[n % SPEEDY.length] as (typeof SPEEDY)[number]
      return { answer, cuts: cutsOf(answer.bytes.byteLength, random) }
    })
    await using server = await answerServer(path => {
      const { answer, cuts } = plans[Number(path.slice(1))] ?? { answer: SPEEDY[0]!, cuts: [] }
      return { bytes: answer.bytes, end: answer.end, cuts }
    })
    await using client = clientOf({ concurrency: 24, maxRetries: 0, followRedirects: true, timeout: '20s' })
    const bodies = new Map<string, string>()
    const wrong: string[] = []
    const options = { returnType: 'content', maxResponseBytes: 100_000 } as const
    const urls = plans.map((_, n) => `${server.origin}/${n}`)
    for await (const outcome of client.stream(urls, options)) {
      const { answer, cuts } = plans[outcome.index]!
      const body = Buffer.from(outcome.ok ? outcome.value : (outcome.error.response?.body ?? [])).toString('base64')
      const first = bodies.get(answer.what) ?? body
      bodies.set(answer.what, first)
      if (verdictOf(outcome) === answer.ours && body === first) continue
      wrong.push(`${answer.what}, cut at ${cuts.join()}: ${verdictOf(outcome)} instead of ${answer.ours}`)
    }
    expect(wrong.slice(0, 20)).toEqual([])
  },
  limitMs(),
)
