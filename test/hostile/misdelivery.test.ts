import { expect, it } from 'vitest'
import { expectFigure } from '../support/figure.ts'
import { deliver } from '../support/misdelivery.ts'

const COUNT = 200_000

it(
  `${COUNT} requests to a server that mixes up answers never get the answer of another request`,
  { timeout: 600_000 },
  async () => {
    const { ok, failed, misdelivered, lost } = await deliver(COUNT)
    expect(misdelivered).toEqual([])
    expect(lost).toBe(0)
    expect(ok + failed).toBe(COUNT)
    // One answer in fifty is tampered with, and most of those still deliver the right one.
    // On a busy machine others run into the clients' short timeout.
    expectFigure(ok).toBeGreaterThan(COUNT * 0.96)
    expect(ok).toBeGreaterThan(COUNT / 2)
    expect(failed).toBeGreaterThan(COUNT * 0.001)
  },
)
