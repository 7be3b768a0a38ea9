import { describe, expect, it } from 'vitest'
import { HASTY, ask, verdictOf } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone'
const HEAD_LENGTH = ANSWER.indexOf('done')

describe('an unsafe request', () => {
  it.each([0, 1, 9, 17, 30, HEAD_LENGTH - 1, HEAD_LENGTH, HEAD_LENGTH + 1, ANSWER.length])(
    'is never sent twice, whether or not its response is truncated after %d bytes',
    async length => {
      for (const how of ['fin', 'rst'] as const) {
        await using server = await rawServer(async connection => {
          await connection.request()
          if (length > 0) await connection.send(ANSWER.slice(0, length))
          await connection.wait(15)
          connection[how]()
        })
        const outcome = await ask(
          { url: server.origin, method: 'POST', json: { amount: 100 } },
          { maxRetries: 3, retry: HASTY },
        )
        const code = verdictOf(outcome)
        if (length === ANSWER.length) expect(code).toBe('ok')
        else if (length >= HEAD_LENGTH) expect(code).toBe(how === 'fin' ? 'truncated/length' : 'truncated/reset')
        else expect(code).toBe('in_doubt/reset')
        expect(server.requests).toHaveLength(1)
        expect(server.accepted).toBe(1)
        expect(outcome.attempts).toBe(1)
      }
    },
  )

  it.each([1, 20, 100, 180])(
    'is never sent twice when the server closes the connection after %d bytes of it',
    async length => {
      await using server = await rawServer(async connection => {
        await connection.expect(length)
        connection.rst()
      })
      const outcome = await ask(
        { url: server.origin, method: 'POST', json: { text: 'x'.repeat(100) } },
        { maxRetries: 3, retry: HASTY },
      )
      expect(verdictOf(outcome)).toBe('in_doubt/reset')
      expect((outcome.error?.cause as { code?: string } | undefined)?.code).toBe('reset/before_headers')
      expect(server.accepted).toBe(1)
    },
  )

  it('is in doubt when its response is late, and when it is aborted', async () => {
    await using server = await rawServer(answering(() => undefined))
    const post = { url: server.origin, method: 'POST', json: 1 }
    expect(verdictOf(await ask(post, { timeout: '150ms', maxRetries: 3, retry: HASTY }))).toBe('in_doubt/timeout')
    expect(verdictOf(await ask({ ...post, timeouts: { total: '150ms' } }))).toBe('in_doubt/timeout')
    expect(server.requests).toHaveLength(2)
  })

  it('is retried with the same idempotency key if it has one, and then succeeds', async () => {
    let requests = 0
    await using server = await rawServer(
      answering((connection, { body }) => {
        if (++requests === 3) return connection.reply(body)
        return connection.rst()
      }),
    )
    for (const idempotencyKey of [true, 'order-17']) {
      requests = 0
      const outcome = await ask(
        { url: server.origin, method: 'POST', json: { amount: 100 }, idempotencyKey },
        { maxRetries: 3, retry: HASTY },
      )
      expect(outcome.value).toBe('{"amount":100}')
      expect(outcome.attempts).toBe(3)
      const keys = server.requests.slice(-3).map(({ headers }) => headers.get('idempotency-key'))
      expect(new Set(keys).size).toBe(1)
      if (idempotencyKey === true) expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
      else expect(keys[0]).toBe('order-17')
    }
  })
})
