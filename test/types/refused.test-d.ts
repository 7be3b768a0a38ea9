/** Options that do not go together, or have another name, do not compile. Compiled, never run. */
import { parallelRequests, ParallelRequests } from 'parallel-requests'
import type { ClientOptions, Outcome } from 'parallel-requests'
import * as v from 'valibot'
import { exactly } from './exactly.ts'

declare const url: string
declare const urls: string[]
const Stars = v.pipe(
  v.object({ stars: v.number() }),
  v.transform(repo => repo.stars),
)

// Option names of the original and of other libraries.
// @ts-expect-error
void parallelRequests(urls, { max_retries: 3 })
// @ts-expect-error
void parallelRequests({ urls, max_retries: 3 })
// @ts-expect-error
void parallelRequests(urls, { parse_func: () => 1 })
// @ts-expect-error
void parallelRequests(urls, { retries: 3 })
// @ts-expect-error
void parallelRequests<number>(urls, { retries: 3 })

// Values of the wrong type.
// @ts-expect-error
void parallelRequests(urls, { concurrency: '3' })
// @ts-expect-error
void parallelRequests(urls, { onFailure: 'ignore' })
// @ts-expect-error
void parallelRequests(urls, { returnType: 'xml' })
// @ts-expect-error
void parallelRequests(urls, { keys: 'a' })
// @ts-expect-error
void parallelRequests(urls, { maxRetries: true })
// @ts-expect-error
void parallelRequests(urls, { schema: { parse: () => 1 } })
// @ts-expect-error
void parallelRequests(urls, { retry: { backoff: 'fast' } })
// @ts-expect-error
void parallelRequests(urls, { timeouts: { read: '1s' } })
// @ts-expect-error
void parallelRequests(urls, { hooks: { beforeSend: () => undefined } })
// @ts-expect-error
void parallelRequests(7)
// @ts-expect-error
void parallelRequests([7])
// @ts-expect-error
void parallelRequests()
// @ts-expect-error -- url is missing
void parallelRequests([{ method: 'GET' }])
// @ts-expect-error -- a number is not a list of headers
void parallelRequests({ url, headers: 3 })
// @ts-expect-error -- options as a second argument beside the named form
void parallelRequests({ urls }, { concurrency: 3 })

// Limits and connections belong to the constructor.
await using client = new ParallelRequests({ concurrency: 5, rateLimit: '10/s', cookies: false, verifySsl: false })
// @ts-expect-error
void client.request(urls, { concurrency: 3 })
// @ts-expect-error
void client.request({ urls, concurrency: 3 })
// @ts-expect-error
void client.request<number>(urls, { concurrency: 3 })
// @ts-expect-error
void client.request(urls, { rateLimit: 10 })
// @ts-expect-error
void client.request(urls, { rateLimitBurst: 10 })
// @ts-expect-error
void client.request(urls, { transport: { send: () => undefined, close: () => undefined } })
// @ts-expect-error
void client.request(urls, { cookies: false })
// @ts-expect-error
client.stream(urls, { concurrency: 3 })

// Options that shape a result belong to the call.
// @ts-expect-error
const keyed: ClientOptions = { keys: ['a'] }
// @ts-expect-error
void new ParallelRequests({ keys: ['a'] })
// @ts-expect-error
void new ParallelRequests({ schema: Stars })
// @ts-expect-error
void new ParallelRequests({ onFailure: 'null' })
// @ts-expect-error
void new ParallelRequests({ returnType: 'text' })
// @ts-expect-error
void new ParallelRequests({ parseFunc: () => 1 })
// @ts-expect-error
void new ParallelRequests({ params: [{ page: 1 }] })

// A stream has no shape, and needs several requests.
// @ts-expect-error
client.stream(urls, { keys: ['a'] })
// @ts-expect-error
client.stream(urls, { onFailure: 'settle' })
// @ts-expect-error
client.stream(urls, { params: [{ page: 1 }] })
// @ts-expect-error
client.stream(url)
// @ts-expect-error
client.stream({ url })

// A stream always yields outcomes.
for await (const outcome of client.stream(urls)) exactly<Outcome>()(outcome)
for await (const outcome of client.stream(urls, { schema: Stars, order: 'input' })) {
  exactly<Outcome<number>>()(outcome)
  if (outcome.ok) exactly<number>()(outcome.value)
}
for await (const outcome of client.stream(urls, { returnType: 'text', parseFunc: text => text.length })) {
  exactly<Outcome<number>>()(outcome)
}
for await (const outcome of client.stream(urls.map(item => ({ url: item, meta: item.length })))) {
  exactly<number>()(outcome.request.meta)
}

export { keyed }
