/** Requests that are discovered while a run is in progress, and their ids. */
import { describe, expect, test } from 'vitest'
import { RequestIds } from '../../src/client/run/request-ids.ts'
import { ChildIds } from '../../src/engine/child-ids.ts'
import { Run } from '../../src/engine/engine.ts'
import type { EngineParts } from '../../src/engine/ports.ts'
import type { Item, Source } from '../../src/engine/source.ts'
import type { Outcome } from '../../src/core/outcome.ts'
import { failedOutcome, okOutcome } from '../../src/core/outcome.ts'
import { makeCall, makeReply } from '../support/calls.ts'

/** Follows pages: each outcome may add requests, which are named after the one that they were found in. */
class Crawl implements Source {
  readonly size = undefined
  readonly lookAhead = 0
  readonly #waiting: Item[]
  readonly #ids = new ChildIds()
  #index: number
  #open: number
  onItem: () => void = () => undefined

  constructor(first: readonly string[]) {
    this.#waiting = first.map((value, index) => ({ value, index, id: `#${index}` }))
    this.#index = this.#open = first.length
  }

  found(parent: string, values: readonly string[]): void {
    for (const value of values) {
      this.#open++
      this.#waiting.push({ value, index: this.#index++, id: this.#ids.next(parent) })
    }
    this.#open--
    this.#ids.end(parent)
    this.onItem()
  }

  pull() {
    return this.#waiting.shift() ?? (this.#open === 0 ? 'done' : 'later')
  }

  takeRest(take: (item: Item) => void): void {
    for (const item of this.#waiting.splice(0)) take(item)
  }

  close(): void {
    this.#waiting.length = 0
  }
}

const LINKS: Readonly<Record<string, readonly string[]>> = { start: ['a', 'b'], a: ['c'], other: ['d'] }

async function crawl(maxFailures = Infinity): Promise<Outcome[]> {
  const source = new Crawl(['start', 'other'])
  const outcomes: Outcome[] = []
  const parts: EngineParts = {
    prepare({ value, index, id = '' }) {
      const call = makeCall({ index, url: `http://a.test/${String(value)}` })
      call.trip.id = id
      return call
    },
    send: (call, done) => queueMicrotask(() => done(makeReply(call.url.endsWith('/c') ? 500 : 200))),
    settle: (call, result) =>
      result.kind === 'reply' && result.status === 200
        ? okOutcome(call, result, call.url.split('/').at(-1), 0)
        : failedOutcome(call, { kind: 'fault', code: 'http/500', message: '500', sent: true }, 0),
    abandon({ index, id = '' }, reason) {
      const call = makeCall({ index })
      call.trip.id = id
      return failedOutcome(call, reason, 0)
    },
  }
  await new Promise<void>(resolve => {
    const run: Run = new Run(source, parts, {
      window: 10,
      capacity: { slots: 10, isCrowded: () => false, attach: () => () => undefined },
      maxFailures,
      signal: undefined,
      deliver(outcome) {
        outcomes.push(outcome)
        source.found(outcome.id, LINKS[String(outcome.value)] ?? [])
        run.give()
      },
      ended: () => resolve(),
    })
    source.onItem = () => undefined
    run.start()
  })
  return outcomes
}

const named = (outcomes: readonly Outcome[]): Record<string, unknown> =>
  Object.fromEntries(outcomes.map(({ id, value, error }) => [id, value ?? error?.code]))

describe('A request that is discovered while a run is in progress', () => {
  test('is named after the request that it was found in, in every run the same', async () => {
    const first = await crawl()
    expect(named(first)).toEqual({
      '#0': 'start',
      '#1': 'other',
      '#0/1': 'a',
      '#0/2': 'b',
      '#0/1/1': 'http/500',
      '#1/1': 'd',
    })
    expect(named(await crawl())).toEqual(named(first))
  })

  test('has its own sequence number, for display', async () => {
    const indexes = (await crawl()).map(({ index }) => index)
    expect(indexes.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5])
  })
})

describe('The identity of a child', () => {
  test('counts from one for each parent', () => {
    const ids = new ChildIds()
    expect([ids.next('#3'), ids.next('#3'), ids.next('k:a'), ids.next('#3/1')]).toEqual([
      '#3/1',
      '#3/2',
      'k:a/1',
      '#3/1/1',
    ])
  })

  test('is never equal to that of a request whose key looks like a child', () => {
    const items = [{ key: 'a' }, { key: 'a/1' }]
    const ofItems = new RequestIds(items)
    expect([ofItems.of(0, 'a'), ofItems.of(1, 'a/1'), ofItems.childOf('k:a')]).toEqual(['k:a', 'k:a/1', 'k:a/2'])
    const ofKeys = new RequestIds(items, ['a', 'a/1'])
    expect([ofKeys.of(0, 'a'), ofKeys.childOf('k:a')]).toEqual(['k:a', 'k:a/2'])
    const lazily = new RequestIds()
    expect([lazily.of(0, 'a'), lazily.childOf('k:a'), lazily.of(1, 'a/1')]).toEqual(['k:a', 'k:a/1', 'k:a/1~2'])
  })
})
