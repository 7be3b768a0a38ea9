/** The state of a client's lanes at this moment, as data and as lines for people. */
import type { Clock } from '../core/ports.ts'
import { printable } from '../core/printable.ts'
import type { ClientStats, LaneStats } from './client-stats.ts'
import type { Gate } from '../layer/gate.ts'
import type { Lane } from '../policy/lane.ts'

export function statsOf(gate: Gate, clock: Clock, unmatched?: readonly string[]): ClientStats {
  const nowMs = clock.now()
  const lanes: LaneStats[] = []
  let [running, queued, attempts, throttled] = [0, 0, 0, 0]
  for (const entry of gate.lanes()) {
    const lane = new LaneSnapshot(entry.lane, entry.queued, gate.slots, nowMs)
    lanes.push(lane)
    running += lane.running
    queued += entry.waiting
    attempts += lane.attempts
    throttled += lane.throttled
  }
  return new Snapshot(running, queued + gate.backlog(), attempts, throttled, lanes, unmatched)
}

class Snapshot implements ClientStats {
  readonly running: number
  readonly queued: number
  readonly attempts: number
  readonly throttled: number
  readonly lanes: readonly LaneStats[]

  declare readonly unmatchedHosts?: readonly string[]

  constructor(
    running: number,
    queued: number,
    attempts: number,
    throttled: number,
    lanes: readonly LaneStats[],
    unmatched: readonly string[] | undefined,
  ) {
    this.running = running
    this.queued = queued
    this.attempts = attempts
    this.throttled = throttled
    this.lanes = lanes
    if (unmatched !== undefined) this.unmatchedHosts = unmatched
  }

  toString(): string {
    return this.lanes.join('\n')
  }
}

class LaneSnapshot implements LaneStats {
  readonly host: string
  readonly running: number
  readonly concurrency: number
  readonly queued: number
  readonly attempts: number
  readonly throttled: number
  readonly pausedMs: number
  declare readonly circuit?: 'closed' | 'open' | 'half_open'
  declare readonly quotaLeft?: number

  constructor(
    { host, running, slots, attempts, throttled, pausedUntilMs, breaker, quota }: Lane,
    queued: number,
    all: number,
    nowMs: number,
  ) {
    this.host = host
    this.running = running
    this.concurrency = Math.min(all, slots?.size ?? Infinity)
    this.queued = queued
    this.attempts = attempts
    this.throttled = throttled
    this.pausedMs = Math.max(0, pausedUntilMs - nowMs)
    if (breaker !== undefined) this.circuit = breaker.state(nowMs)
    if (quota?.remaining !== undefined) this.quotaLeft = quota.remaining
  }

  toString(): string {
    const { host, running, concurrency, queued, pausedMs, circuit, quotaLeft } = this
    return [
      `${printable(host)} ${running}${concurrency === Infinity ? '' : `/${concurrency}`} running`,
      `${queued} queued`,
      ...(pausedMs > 0 ? [`paused ${(pausedMs / 1_000).toFixed(1)} s`] : []),
      ...(circuit === undefined || circuit === 'closed' ? [] : [`circuit ${circuit.replace('_', '-')}`]),
      ...(quotaLeft === undefined ? [] : [`${quotaLeft} left of its quota`]),
    ].join(', ')
  }
}
