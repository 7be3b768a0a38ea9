/**
 * Requests bombs, and prints as JSON the outcome of each and the growth of memory in bytes. Arguments: the origin of
 * the server, and the requests as a JSON list of `[path, options]`.
 */
import { ParallelRequests } from '../../src/index.ts'

const [, , origin = '', asked = ''] = process.argv
const client = new ParallelRequests({ maxRetries: 0 })
const verdicts: (readonly [path: string, verdict: string, bytes: number])[] = []
// Warm-up, so that engines, code and young objects have their memory before it is measured.
for (let i = 0; i < 60; i++) {
  await client.request(`${origin}/warm/${['gzip', 'br', 'zstd'][i % 3]}`, { returnType: 'text', onFailure: 'settle' })
}
const before = process.memoryUsage.rss()
for (const [path, options] of JSON.parse(asked) as [string, object][]) {
  const outcome = await client.request(origin + path, { ...options, onFailure: 'settle' })
  const verdict = outcome.ok ? 'ok' : outcome.error.code
  verdicts.push([path, verdict, process.resourceUsage().maxRSS * 1024 - before])
}
await client.close()
console.log(JSON.stringify(verdicts))
