/** The full response: status, headers and body. Every status is a result here, a 404 too. */
import { parallelRequests, ReturnType } from 'parallel-requests'

const httpbin = process.env.HTTPBIN_URL ?? 'https://httpbin.org'

const results = await parallelRequests([`${httpbin}/get`], { returnType: ReturnType.RESPONSE })

for (const response of results) {
  console.log('Status:', response.status)
  console.log('Headers:', response.headers)
  console.log('Body:', response.json())
}
