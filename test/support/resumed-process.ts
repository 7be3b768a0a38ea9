/**
 * A process that works through a batch with a run file, for tests that kill it. Arguments: the server, the path, how
 * many requests, which life of the process this is (sent along, for the server's books), and further options as JSON.
 *
 * Says `started`, and at its end one line of JSON: how the requests ended. A ConfigError is exit code 2.
 */
import { writeSync } from 'node:fs'
import { isConfigError } from '../../src/core/error.ts'
import { parallelRequests } from '../../src/index.ts'

const [, , origin = '', path = '', count = '0', life = '0', options = '{}'] = process.argv

/** Seven GETs, two POSTs and a POST with a key, and so on. */
const items = Array.from({ length: Number(count) }, (_, n) => {
  const url = `${origin}/items/${n}`
  if (n % 10 < 7) return { url }
  return n % 10 === 9 ? { url, json: { n }, idempotencyKey: true } : { url, json: { n } }
})

// Not process.stdout: what was said must be out before the process is killed.
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
