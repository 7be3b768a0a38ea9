/** Bodies that come too slowly, judged over a time that is measured. */
import { describe, expect, it } from 'vitest'
import { verdict } from '../support/ask.ts'
import { rawServer } from '../support/raw-server.ts'
import type { Script } from '../support/raw-server.ts'
import { expectFigure } from '../support/figure.ts'

const OK = 'HTTP/1.1 200 OK\r\n'

describe('minSpeed', () => {
  const drip: Script = async connection => {
    await connection.request()
    await connection.send(`${OK}\r\n`)
    for (;;) {
      await connection.send('x')
      await connection.wait(20)
    }
  }

  it.each([0, 1])('ends a body that drips, and not one that may be slow, with %i workers', async workers => {
    await using server = await rawServer(drip)
    const slow = { timeout: '10m', minSpeed: { bytes: 500, over: '250ms' }, workers } as const
    const startedAtMs = performance.now()
    expect(await verdict(server.origin, slow)).toBe('timeout/low_speed')
    if (workers === 0) expectFigure(performance.now() - startedAtMs).toBeLessThan(600)
    for (const minSpeed of [false, { bytes: 1, over: '500ms' }] as const) {
      expect(await verdict(server.origin, { workers, minSpeed, timeout: '800ms' })).toBe('timeout/body')
    }
  })
})
