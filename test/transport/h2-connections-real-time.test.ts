/** How long an idle connection of HTTP/2 is kept: four seconds. */
import { describe, expect, it } from 'vitest'
import { TRUST, clientOf, until, verdictOf } from '../support/ask.ts'
import { nodeServer } from '../support/node-h2-server.ts'

const H2 = { ...TRUST, http2: true } as const
const SETTLE = { onFailure: 'settle', returnType: 'text' } as const

describe('one HTTP/2 connection', () => {
  it('marks the first request on it, and closes after being idle', async () => {
    await using server = await nodeServer()
    const client = clientOf(H2)
    const first = await client.request(server.origin, SETTLE)
    expect(first.timings).toMatchObject({ connect: expect.any(Number), tls: expect.any(Number) })
    const second = await client.request(server.origin, SETTLE)
    expect(second.timings).not.toHaveProperty('connect')
    expect(server.counts()).toEqual({ sessions: 1, connections: 1, open: 1 })
    await until(() => server.counts().open === 0, 60_000)
    expect(verdictOf(await client.request(server.origin, SETTLE))).toBe('ok')
    expect(server.counts().sessions).toBe(2)
    await client.close()
    await until(() => server.counts().open === 0)
  })
})
