/** Records the events of the three channels, and checks that each thing begins and ends exactly once. */
import diagnostics from 'node:diagnostics_channel'
import { expect, onTestFinished } from 'vitest'
import type { AttemptEvent, BatchEvent, EventKind, RequestEvent } from '../../src/index.ts'

const KINDS: readonly EventKind[] = ['batch', 'request', 'attempt']

export interface Observed {
  /** `start attempt`, `error request` …, in their order. */
  readonly log: readonly string[]
  /** The events that have ended, in their order. */
  readonly batches: readonly BatchEvent[]
  readonly requests: readonly RequestEvent[]
  readonly attempts: readonly AttemptEvent[]
  /** Every event that began has ended with the same object. */
  expectBalance(): void
  stop(): void
}

export function observeChannels(kinds: readonly EventKind[] = KINDS): Observed {
  const log: string[] = []
  const open = new Set<unknown>()
  const ended: Record<EventKind, unknown[]> = { batch: [], request: [], attempt: [] }
  const stops: (() => void)[] = []
  for (const kind of kinds) {
    const channel = diagnostics.tracingChannel<unknown, object>(`parallel-requests:${kind}`)
    const on = (name: 'start' | 'end' | 'error', take: (event: unknown) => void): void => {
      const listener = (event: unknown): void => {
        log.push(`${name} ${kind}`)
        take(event)
      }
      channel[name].subscribe(listener)
      stops.push(() => {
        channel[name].unsubscribe(listener)
      })
    }
    on('start', event => {
      expect(open.has(event)).toBe(false)
      open.add(event)
    })
    on('error', event => expect(open.has(event)).toBe(true))
    on('end', event => {
      expect(open.delete(event)).toBe(true)
      ended[kind].push(event)
    })
  }
  const stop = (): void => {
    for (const one of stops.splice(0)) one()
  }
  onTestFinished(stop)
  return {
    log,
    batches: ended.batch as BatchEvent[],
    requests: ended.request as RequestEvent[],
    attempts: ended.attempt as AttemptEvent[],
    expectBalance: () => expect(open.size).toBe(0),
    stop,
  }
}
