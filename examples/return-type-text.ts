/** Text: each result is the body as a string, decoded by its charset. */
import { parallelRequests } from 'parallel-requests'

const httpbin = process.env.HTTPBIN_URL ?? 'https://httpbin.org'

const results = await parallelRequests([`${httpbin}/html`], { returnType: 'text' })

for (const html of results) console.log(html)
