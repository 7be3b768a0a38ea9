/** Whether a worker still has a chunk, by what Redis has said last and by its own clock. */
import { describe, expect, it } from 'vitest'
import { Hold, Holds } from '../../src/distributed/batch/hold.ts'

const held = (untilMs: number): { readonly hold: Hold; readonly stops: () => number } => {
  let stops = 0
  const hold = new Hold({ job: 'c00000000', token: 'mine' }, untilMs)
  hold.attach({ stop: () => void stops++ })
  return { hold, stops: () => stops }
}

describe('a chunk is held', () => {
  it('until its lock expires, however long Redis is away or the process was stopped', () => {
    const { hold, stops } = held(20_000)
    expect(hold.isHeld(19_999)).toBe(true)
    expect(hold.isHeld(20_000)).toBe(false)
    hold.learn(15_000, 18_000)
    expect(hold.isHeld(32_999)).toBe(true)
    expect(hold.isHeld(33_000)).toBe(false)
    expect(stops()).toBe(0)
  })

  it('until Redis says that another worker has its lock, or none, and is then stopped once', () => {
    const { hold, stops } = held(20_000)
    hold.learn(1_000, 0)
    expect(hold.isHeld(1_001)).toBe(false)
    hold.learn(2_000, 20_000)
    hold.lose()
    expect(hold.isHeld(2_001)).toBe(false)
    expect(stops()).toBe(1)
  })

  it('no longer, if its lock is lost before its requests begin', () => {
    const hold = new Hold({ job: 'c00000000', token: 'mine' }, 20_000)
    hold.lose()
    let stops = 0
    hold.attach({ stop: () => void stops++ })
    expect(stops).toBe(1)
  })

  it('by its own lock: all locks of a batch are asked for at once', async () => {
    const holds = new Holds()
    const [one, two] = [held(100), new Hold({ job: 'c00000001', token: 'other' }, 100)]
    holds.add(one.hold)
    holds.add(two)
    const asked: unknown[] = []
    const broker = {
      remainingMs: (batch: string, locks: readonly unknown[]) => {
        asked.push(batch, ...locks)
        return Promise.resolve([0, 5_000])
      },
    }
    await holds.look(broker, 'b1', () => 50)
    expect(asked).toEqual(['b1', { job: 'c00000000', token: 'mine' }, { job: 'c00000001', token: 'other' }])
    expect([one.hold.isHeld(60), two.isHeld(5_049), two.isHeld(5_050)]).toEqual([false, true, false])
    holds.delete(two)
    expect([holds.get('c00000000'), holds.get('c00000001')]).toEqual([one.hold, undefined])
  })
})
