/** When a chunk gives its place away, and which errors are those of the folder of the results. */
import { describe, expect, it } from 'vitest'
import { idleMs } from '../../src/distributed/batch/park.ts'
import { sinkErrorIn } from '../../src/distributed/batch/sink-trouble.ts'
import type { Census } from '../../src/engine/census.ts'

const WAITING: Census = {
  open: 3,
  queued: 3,
  queuedIn: new Map([
    ['http://a.test', 2],
    ['http://b.test', 1],
  ]),
  backingOff: 0,
  polling: 0,
  onWire: 0,
  repeated: 0,
  inCallback: 0,
  untaken: 0,
  isWindowFull: false,
  input: 'over',
}

const NOW = 1_000

/** @param pauses in seconds, by host */
const gateOf = (pauses: Record<string, number>): { pausedUntilMs: (lane: string) => number } => ({
  pausedUntilMs: lane => NOW + 1_000 * (pauses[lane] ?? -Infinity),
})

describe('a chunk is idle', () => {
  const both = gateOf({ 'http://a.test': 90, 'http://b.test': 60 })

  it('until the first of its hosts goes on, if all of them pause for long', () => {
    expect(idleMs(WAITING, both, NOW)).toBe(60_000)
    expect(idleMs({ ...WAITING, input: 'more', isWindowFull: true }, both, NOW)).toBe(60_000)
  })

  it.each<[string, Partial<Census>]>([
    ['is on the wire', { open: 4, onWire: 1 }],
    ['backs off for itself', { open: 4, backingOff: 1 }],
    ['polls', { open: 4, polling: 1 }],
    ['is in a callback', { open: 4, inCallback: 1 }],
    ['may still be taken from the input', { input: 'more' }],
    ['is awaited from the input', { input: 'awaited', isWindowFull: true }],
    ['has finished and is not written', { untaken: 1 }],
  ])('but not if a request %s', (_, census) => {
    expect(idleMs({ ...WAITING, ...census }, both, NOW)).toBeUndefined()
  })

  it('but not if a host goes on soon, or waits for a limit', () => {
    expect(idleMs(WAITING, gateOf({ 'http://a.test': 90, 'http://b.test': 30 }), NOW)).toBeUndefined()
    expect(idleMs(WAITING, gateOf({ 'http://a.test': 90 }), NOW)).toBeUndefined()
    expect(idleMs({ ...WAITING, open: 0, queued: 0, queuedIn: new Map() }, both, NOW)).toBeUndefined()
  })
})

describe('an error of a run', () => {
  const system = (code: string, syscall: string): Error => Object.assign(new Error(code), { code, syscall })

  it('is that of the folder if a call of the file system is behind it', () => {
    const full = system('ENOSPC', 'write')
    expect(sinkErrorIn(full)).toBe(full)
    expect(sinkErrorIn(new Error('the run file', { cause: new Error('x', { cause: full }) }))).toBe(full)
  })

  it('is another one if it is of a connection, of this process, or of no system at all', () => {
    for (const error of [
      system('ETIMEDOUT', 'connect'),
      system('EMFILE', 'open'),
      Object.assign(new Error('made up'), { code: 'ENOENT' }),
      new Error('expected'),
      undefined,
    ]) {
      expect(sinkErrorIn(error)).toBeUndefined()
    }
  })
})
