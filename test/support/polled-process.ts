/**
 * A process that starts jobs and follows them, with a run file, for tests that kill it. Arguments: the server, the path and
 * the number of jobs. Prints `started`, and at its end one line of JSON: the number of requests per outcome.
 */
import { writeSync } from 'node:fs'
import { parallelRequests } from '../../src/index.ts'

const RESULT = ({ resourceLocation }: { resourceLocation: string }): string => resourceLocation

const [, , origin = '', path = '', count = '0'] = process.argv

/** In two dialects, and a third of them with a key, by which the server knows a repeated start. */
const items = Array.from({ length: Number(count) }, (_, n) => {
  const idempotencyKey = n % 3 === 2
  if (n % 2 === 1) return { url: `${origin}/location/${n}`, json: { n }, idempotencyKey }
  return { url: `${origin}/azure/${n}`, json: { n }, idempotencyKey, poll: { result: RESULT } }
})

// Not process.stdout: the text must be out before the process is killed.
const say = (text: string): void => void writeSync(1, `${text}\n`)

say('started')
const outcomes = await parallelRequests(items, {
  resume: path,
  onFailure: 'settle',
  poll: { interval: '100ms' },
  concurrency: 10,
})
const ends: Record<string, number> = {}
for (const { index, ok, value, error } of outcomes) {
  const isRight = ok && (value as { result?: unknown }).result === String(index)
  const end = error?.code ?? (isRight ? 'ok' : 'a value of another request')
  ends[end] = (ends[end] ?? 0) + 1
}
say(JSON.stringify(ends))
