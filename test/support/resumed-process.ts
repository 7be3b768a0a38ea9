/**
 * A process that works through a batch with a run file, for tests that kill it. Arguments: the server, the path, the
 * number of requests, the number of this life of the process (sent to the server as a header), and further options as
 * JSON.
 *
 * Prints `started`, and at its end one line of JSON with the number of requests per outcome. A ConfigError gives exit
 * code 2.
 */
import { writeSync } from 'node:fs'
import { isConfigError } from '../../src/core/error.ts'
import { parallelRequests } from '../../src/index.ts'

const [, , origin = '', path = '', count = '0', life = '0', options = '{}'] = process.argv

/** Repeats a pattern of seven GETs, two POSTs, and a POST with a key. */
const items = Array.from({ length: Number(count) }, (_, n) => {
  const url = `${origin}/items/${n}`
  if (n % 10 < 7) return { url }
  return n % 10 === 9 ? { url, json: { n }, idempotencyKey: true } : { url, json: { n } }
})

// Not process.stdout: the text must be out before the process is killed.
const say = (text: string): void => void writeSync(1, `${text}\n`)

say('started')
try {
  const outcomes = await parallelRequests(items, {
    resume: path,
    onFailure: 'settle',
    headers: { 'x-life': life },
    ...(JSON.parse(options) as object),
  })
  const ends: Record<string, number> = {}
  for (const { ok, index, value, error, source } of outcomes) {
    const isRight = ok && (value as { n?: unknown }).n === index
    const end = error?.code ?? (isRight ? 'ok' : 'a value of another request')
    ends[end] = (ends[end] ?? 0) + 1
    if (source === 'run-file') ends['restored'] = (ends['restored'] ?? 0) + 1
  }
  say(JSON.stringify(ends))
} catch (error) {
  process.stderr.write(`${String(error)}\n`)
  process.exitCode = isConfigError(error) ? 2 : 1
}
