import { describe, expect, it } from 'vitest'
import { HttpStatusError, PartialFailureError, isParseError, parallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'

const transport = mockTransport(({ url }) => ({
  status: Number(url.split('/').pop()),
  json: { reason: 'no such thing' },
}))

describe('JSON.stringify of a PartialFailureError', () => {
  it('contains the message, the number of failures per code, and each failure', async () => {
    const urls = [404, 404, 410, 200].map(status => `http://a.test/${status}`)
    const error: unknown = await parallelRequests(urls, { transport }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(PartialFailureError)
    const printed = JSON.parse(JSON.stringify(error)) as Record<string, unknown>
    expect(printed).toMatchObject({
      name: 'PartialFailureError',
      total: 4,
      successes: 1,
      codes: { 'http/404': 2, 'http/410': 1 },
    })
    expect(printed['message']).toContain('3 of 4 requests failed')
    expect(printed['errors']).toHaveLength(3)
  })
})

describe('response.json() of an HttpStatusError', () => {
  const failing = async (url: string, other = transport): Promise<HttpStatusError> =>
    parallelRequests(url, { transport: other }).then(
      () => expect.unreachable(),
      (error: HttpStatusError) => error,
    )

  it('returns the body of the refused response', async () => {
    const { response } = await failing('http://a.test/422')
    expect(response.json()).toEqual({ reason: 'no such thing' })
  })

  it('throws a ParseError that names the request if the body is not JSON', async () => {
    const { response } = await failing(
      'http://a.test/x',
      mockTransport(() => ({ status: 500, text: '<html>' })),
    )
    let thrown: unknown
    try {
      response.json()
    } catch (error) {
      thrown = error
    }
    expect(isParseError(thrown) && [thrown.code, thrown.url]).toEqual(['parse/json', 'http://a.test/x'])
  })
})
