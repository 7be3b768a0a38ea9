/** A batch over parts that are handed in: a source with acknowledgement, a journal, a limit and a transport. */
import { expect, test } from 'vitest'
import { batchRun } from '../../../src/client/run/batch-run.ts'
import { wire } from '../../../src/client/wire.ts'
import type { WirePorts } from '../../../src/client/wire.ts'
import { planClient } from '../../../src/config/client-plan.ts'
import { planBatch } from '../../../src/config/plan.ts'
import { readOptions } from '../../../src/config/read.ts'
import type { DoneLine, IntentLine, Journal, PollLine } from '../../../src/core/journal.ts'
import type { Outcome } from '../../../src/core/outcome.ts'
import type { AcknowledgedSource } from '../../../src/core/ports.ts'
import type { Limit } from '../../../src/policy/limit.ts'
import { mockTransport } from '../../../src/testing/index.ts'

/** A queue that hands a job out again until it was acknowledged. */
function queue(jobs: readonly string[]): AcknowledgedSource & { readonly left: Set<string> } {
  const left = new Set(jobs)
  return {
    left,
    items: (async function* () {
      for (const url of jobs) yield await Promise.resolve({ url, key: url })
    })(),
    acknowledge: ({ request }) => void left.delete(request.url),
  }
}

/** A record in memory; what was appended is known to the next journal over the same lines. */
function memoryJournal(lines: (DoneLine | IntentLine | PollLine)[], events: string[]): Journal {
  const known = new Map(lines.flatMap(line => ('ok' in line ? [[line.id, line] as const] : [])))
  return {
    size: 0,
    isNew: known.size === 0,
    keys: known.size,
    salt: 'salt',
    dropped: undefined,
    known(id) {
      const line = known.get(id)
      return line && { v: 2, print: line.print as string, ok: line.ok }
    },
    intent: () => undefined,
    job: () => undefined,
    keyedAt: () => undefined,
    sharesPrint: () => false,
    read: id => Promise.resolve(known.get(`${id}`) as DoneLine),
    async append(line) {
      await Promise.resolve()
      lines.push(line)
      if ('ok' in line) events.push(`recorded ${line['url']}`)
    },
    close: () => Promise.resolve(void events.push('closed')),
  }
}

/** As if another process handed out leases: so many starts until it is topped up. */
function lease(starts: number): Limit & { topUp(more: number): void; readonly booked: number } {
  let left = starts
  let booked = 0
  return {
    waitsFor: 'rate',
    waitMs: () => (left > 0 ? 0 : Infinity),
    book() {
      left--
      booked++
    },
    topUp: more => void (left += more),
    get booked() {
      return booked
    },
  }
}

async function run(jobs: readonly string[], lines: (DoneLine | IntentLine | PollLine)[], ports: WirePorts = {}) {
  const values = readOptions({}, 'constructor')
  const transport = mockTransport(({ url }) => ({ json: url }))
  const client = planClient(values)
  const wired = wire(client, transport.clock, Math.random, { transport, ...ports })
  const plan = planBatch(values, readOptions({ resume: 'shared-record' }, 'stream'), client.concurrency)
  const events: string[] = []
  const outcomes: Outcome[] = []
  const source = queue(jobs)
  const opened: string[] = []
  let isOver = (): void => undefined
  const over = new Promise<void>(resolve => (isOver = resolve))
  const batch = await batchRun({
    items: source.items,
    plan,
    wired,
    clock: transport.clock,
    openJournal(path) {
      opened.push(path)
      return Promise.resolve(memoryJournal(lines, events))
    },
    acknowledge(outcome) {
      events.push(`acknowledged ${outcome.request.url}`)
      source.acknowledge(outcome)
    },
    deliver(outcome) {
      events.push(`delivered ${outcome.request.url}`)
      outcomes.push(outcome)
      batch.run.give()
    },
    ended: () => isOver(),
  })
  batch.run.start()
  return { batch, wired, transport, events, outcomes, source, opened, over }
}

const JOBS = ['http://a.test/1', 'http://a.test/2', 'http://b.test/3']

test('a job of a queue is recorded in the injected journal, then acknowledged, then delivered', async () => {
  const lines: (DoneLine | IntentLine)[] = []
  const { events, source, opened, over, transport } = await run(JOBS, lines)
  await over
  expect(opened).toEqual(['shared-record'])
  expect(source.left).toEqual(new Set())
  for (const url of JOBS) {
    const own = events.filter(event => event.endsWith(url))
    expect(own).toEqual([`recorded ${url}`, `acknowledged ${url}`, `delivered ${url}`])
  }
  expect(events.at(-1)).toBe('closed')
  expect(transport.requests).toHaveLength(3)
})

test('a job that is handed out again is restored from the injected journal, and acknowledged without a request', async () => {
  const lines: (DoneLine | IntentLine)[] = []
  await (
    await run(JOBS, lines)
  ).over
  const again = await run(JOBS.toReversed(), lines)
  await again.over
  expect(again.transport.requests).toEqual([])
  expect(again.outcomes.map(({ source, id }) => `${source} ${id}`)).toEqual(
    JOBS.toReversed().map(url => `run-file k:${url}`),
  )
  expect(again.source.left).toEqual(new Set())
})

test('an injected limit holds requests back until it has room again', async () => {
  const limit = lease(1)
  const { wired, over, transport, source } = await run(JOBS, [], { limits: [limit] })
  await expect.poll(() => source.left.size).toBe(2)
  expect(transport.requests).toHaveLength(1)
  limit.topUp(2)
  wired.gate.turn(limit)
  await over
  expect(limit.booked).toBe(3)
  expect(transport.requests).toHaveLength(3)
})
