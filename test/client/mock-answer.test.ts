/** What a mock transport refuses of its handler. */
import { expect, test } from 'vitest'
import { parallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'

test.each([
  [
    { staus: 500 },
    'the mock handler returned an unknown field, staus: the fields are status, headers, json, text, body, latencyMs, fault',
  ],
  [undefined, 'the mock handler returned undefined: return { json: … }'],
  ['{"id":7}', 'the mock handler returned a string: return { json: … }'],
])('a mock handler that returns %j fails its request and says why', async (answer, why) => {
  const transport = mockTransport(() => answer as never)
  const [outcome] = await parallelRequests(['https://api.example.com/7'], { transport, onFailure: 'settle' })
  expect(outcome?.error).toMatchObject({ code: 'internal/mock', message: expect.stringContaining(why) as unknown })
  expect(transport.requests).toHaveLength(1)
})
