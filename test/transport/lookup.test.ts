import type { LookupAddress } from 'node:dns'
import { describe, expect, it } from 'vitest'
import { virtualClock } from '../../src/testing/index.ts'
import { covers } from '../support/hostile/record.ts'
import { Names } from '../../src/transport/lookup.ts'
import type { AskNames } from '../../src/transport/lookup.ts'

const PUBLIC: LookupAddress[] = [{ address: '192.0.2.1', family: 4 }]
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
const coded = (code: string): Error => Object.assign(new Error(code), { code })

function named(most = 2) {
  const clock = virtualClock()
  const asked: { hostname: string; answer: Parameters<AskNames>[2] }[] = []
  const names = new Names((hostname, _options, answer) => void asked.push({ hostname, answer }), clock, most)
  const heard: string[] = []
  const find = (hostname: string, options = {}) =>
    names.find(hostname, options, (error, addresses) => {
      heard.push(`${hostname} ${(error as { code?: string } | null)?.code ?? addresses.map(a => a.address).join()}`)
    })
  const found = (at: number, addresses = PUBLIC): void => asked[at]?.answer(null, addresses)
  const failed = (at: number, code: string): void => asked[at]?.answer(coded(code), [])
  return { clock, names, asked, heard, find, found, failed, hosts: () => asked.map(({ hostname }) => hostname) }
}

describe('names', () => {
  it('are looked up once, however many attempts ask at the same time', async () => {
    const { asked, heard, find, found } = named()
    for (let i = 0; i < 50; i++) find('a')
    await turn()
    expect(asked).toHaveLength(1)
    expect(heard).toEqual([])
    found(0)
    expect(heard).toEqual(Array.from({ length: 50 }, () => 'a 192.0.2.1'))
  })

  it('are cached for ten seconds, and a cached answer is asynchronous too', async () => {
    const { clock, asked, heard, find, found } = named()
    find('a')
    await turn()
    found(0)
    await clock.advance(9_999)
    find('a')
    expect(heard).toHaveLength(1)
    await turn()
    expect(heard).toEqual(['a 192.0.2.1', 'a 192.0.2.1'])
    await clock.advance(2)
    find('a')
    await turn()
    expect(asked).toHaveLength(2)
  })

  it.each([
    ['ENOTFOUND', 29_999, 1],
    ['ENOTFOUND', 30_001, 2],
    ['EAI_AGAIN', 1, 2],
    ['EAI_FAIL', 1, 2],
  ])('that end in %s are looked up again after %d ms: %d lookups', async (code, afterMs, lookups) => {
    const { clock, asked, heard, find, failed } = named()
    find('a')
    await turn()
    failed(0, code)
    await clock.advance(afterMs)
    find('a')
    await turn()
    expect(asked).toHaveLength(lookups)
    expect(heard[0]).toBe(`a ${code}`)
    if (lookups === 1) expect(heard[1]).toBe(`a ${code}`)
  })

  it('are cached separately for different lookup options', async () => {
    const { asked, find } = named(9)
    find('a', { family: 4 })
    find('a', { family: 6 })
    find('a', { hints: 32 })
    find('a', { family: 4 })
    await turn()
    expect(asked).toHaveLength(3)
  })

  it('are looked up two at a time, in order', async () => {
    const { hosts, find, found, failed } = named()
    for (const host of ['a', 'b', 'c', 'd']) find(host)
    await turn()
    expect(hosts()).toEqual(['a', 'b'])
    found(1)
    expect(hosts()).toEqual(['a', 'b', 'c'])
    failed(0, 'EAI_AGAIN')
    expect(hosts()).toEqual(['a', 'b', 'c', 'd'])
    const most = 2
    covers(import.meta.url, {
      row: 5,
      name: 'lookups that hang; file access uses the same threads',
      outcome: `at most ${most} lookups at a time`,
      retry: '–',
      socket: '–',
    })
  })

  it('that hang let others start after five seconds, and are not looked up twice', async () => {
    const { clock, hosts, heard, find, found } = named()
    for (const host of ['hangs', 'hangs too', 'well']) find(host)
    await turn()
    await clock.advance(4_999)
    expect(hosts()).toEqual(['hangs', 'hangs too'])
    await clock.advance(1)
    find('hangs')
    await turn()
    expect(hosts()).toEqual(['hangs', 'hangs too', 'well'])
    found(2)
    expect(heard).toEqual(['well 192.0.2.1'])
    // It answers after all; a slot that was released is not released twice.
    found(0)
    found(1)
    for (const host of ['x', 'y', 'z']) find(host)
    await turn()
    expect(hosts().slice(3)).toEqual(['x', 'y'])
  })

  it('that no attempt waits for any more are not looked up', async () => {
    const { hosts, heard, find, found } = named(1)
    find('a')
    const waiters = ['b', 'c', 'd'].map(host => find(host))
    await turn()
    waiters[0]?.leave()
    waiters[1]?.leave()
    found(0)
    expect(hosts()).toEqual(['a', 'd'])
    waiters[2]?.leave()
    found(1)
    expect(heard).toEqual(['a 192.0.2.1'])
    // A later attempt is served.
    find('b')
    await turn()
    expect(hosts()).toEqual(['a', 'd', 'b'])
  })

  it('are not reported to an attempt that has left, even if the answer was ready', async () => {
    const { heard, find, found } = named()
    find('a')
    await turn()
    found(0)
    find('a').leave()
    await turn()
    expect(heard).toHaveLength(1)
  })

  it('are removed from the cache after a failed connection, unless they are very recent', async () => {
    const { clock, names, asked, find, found } = named()
    find('a')
    await turn()
    found(0)
    names.forget('a')
    find('a')
    await turn()
    expect(asked).toHaveLength(1)
    await clock.advance(1_001)
    names.forget('a')
    find('a')
    await turn()
    expect(asked).toHaveLength(2)
  })

  it('are cached up to a thousand', async () => {
    const { hosts, find, found } = named(5_000)
    for (let i = 0; i < 1_001; i++) find(`host${i}`)
    await turn()
    for (let i = 0; i < 1_001; i++) found(i)
    for (const host of ['host0', 'host1', 'host1000']) find(host)
    await turn()
    expect(hosts().slice(1_001)).toEqual(['host0'])
  })
})
