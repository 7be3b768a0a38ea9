/** Binary content: each result is the body as a Uint8Array. */
import { parallelRequestsSync } from 'parallel-requests'

const httpbin = process.env.HTTPBIN_URL ?? 'https://httpbin.org'

const results = parallelRequestsSync([`${httpbin}/bytes/1024`], { returnType: 'content' })

for (const bytes of results) console.log(`${bytes.length} bytes`)
