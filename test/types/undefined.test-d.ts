/** With exactOptionalPropertyTypes, which this project compiles with, undefined means the same as an absent field. */
import { ParallelRequests, parallelRequests } from 'parallel-requests'
import type { ClientOptions, RequestSpec } from 'parallel-requests'

const signal: AbortSignal | undefined = undefined
const spec: RequestSpec = { url: 'https://a.test/', method: undefined, headers: undefined, timeout: undefined }
const options: ClientOptions = { rateLimit: undefined, perHost: { concurrency: undefined }, tls: { ca: undefined } }
const client = new ParallelRequests(options)
await client.request([spec], { signal, retry: { backoff: { base: undefined } }, timeouts: { total: undefined } })
const list: unknown[] = await parallelRequests(['https://a.test/'], { signal, onFailure: undefined, schema: undefined })
export type Listed = typeof list
