import { expect, it } from 'vitest'
import { deliver } from '../support/misdelivery.ts'

const COUNT = 200_000

it(
  `delivers ${COUNT} answers of a server that mixes them up, none to another request`,
  { timeout: 180_000 },
  async () => {
    const { ok, failed, misdelivered, lost } = await deliver(COUNT)
    expect(misdelivered).toEqual([])
    expect(lost).toBe(0)
    expect(ok + failed).toBe(COUNT)
    // One in fifty is tampered with, and most of those still have an answer of their own.
    expect(ok).toBeGreaterThan(COUNT * 0.96)
    expect(failed).toBeGreaterThan(COUNT * 0.001)
  },
)
