import { expect, test } from 'vitest'
import { openSockets } from '../../src/transport/open-sockets.ts'
import type { KeptConnection } from '../../src/transport/open-sockets.ts'

test('beyond 2,048 idle connections the least recently used ones are closed', () => {
  const closed: number[] = []
  const all = Array.from({ length: 2_100 }, (_, index): KeptConnection => {
    const kept: KeptConnection = {
      list: undefined,
      before: undefined,
      behind: undefined,
      close: () => {
        closed.push(index)
        openSockets.closed(kept)
      },
    }
    return kept
  })
  for (const kept of all) {
    openSockets.opening(Infinity)
    openSockets.rest(kept)
  }
  expect(closed).toEqual(Array.from({ length: 52 }, (_, index) => index))
  openSockets.closeIdle()
  expect([closed.length, openSockets.open]).toEqual([2_100, 0])
})
