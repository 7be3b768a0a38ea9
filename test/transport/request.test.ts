import { describe, expect, it } from 'vitest'
import { ask, clientOf, verdict, verdictOf } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'

describe('a request on the wire', () => {
  it('has one head with one Host and the length of the body', async () => {
    await using server = await rawServer(answering(connection => connection.reply()))
    await ask({ url: `${server.origin}/a?b=c`, method: 'POST', body: 'caf\u00e9' })
    const { head, body, method, path } = server.requests[0] as (typeof server.requests)[number]
    expect([method, path]).toEqual(['POST', '/a?b=c'])
    expect(head.match(/^host:.*$/gim)).toEqual([`host: 127.0.0.1:${server.port}`])
    expect(head.match(/^content-length:.*$/gim)).toEqual(['content-length: 5'])
    expect(Buffer.from(body).toString()).toBe('café')
  })

  it.each([
    ['transfer-encoding', 'chunked'],
    ['content-length', '1'],
    ['host', 'elsewhere.example'],
    ['connection', 'upgrade'],
    ['expect', '200-ok'],
    ['x-a', 'b\r\nEvil: 1'],
    ['x-a', 'b\0'],
    ['x a', 'b'],
    ['x-a\r\nevil', 'b'],
  ])('is not sent with the header %j: %j', async (name, value) => {
    await using server = await rawServer(answering(connection => connection.reply('ok')))
    const client = clientOf()
    const outcomes = await client.request(
      [{ url: server.origin, method: 'POST', json: 1, headers: { [name]: value } }, server.origin],
      { onFailure: 'settle', returnType: 'text' },
    )
    await client.close()
    expect(outcomes.map(verdictOf)).toEqual(['invalid_request/header', 'ok'])
    expect(server.requests).toHaveLength(1)
  })

  it.each(['GET /x HTTP/1.1\r\nEvil: 1', 'G T', '', 'CONNECT'])('is not sent with the method %j', async method => {
    await using server = await rawServer(answering(connection => connection.reply()))
    expect(await verdict({ url: server.origin, method })).toBe('invalid_request/method')
    expect(server.accepted).toBe(0)
  })

  it('may have a URL of nearly 64 kB, and is not sent with a longer one', async () => {
    await using server = await rawServer(answering(connection => connection.reply('', { status: '414 Too Long' })))
    expect(await verdict(`${server.origin}/${'a'.repeat(65_000)}`)).toBe('http/414')
    expect(await verdict(`${server.origin}/${'a'.repeat(1_000_000)}`)).toBe('invalid_request/url')
    expect(await verdict({ url: server.origin, params: { q: 'a'.repeat(1_000_000) } })).toBe('invalid_request/url')
    expect(server.requests).toHaveLength(1)
    expect(server.requests[0]?.path).toHaveLength(65_001)
  })
})
