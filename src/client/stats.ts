/** The state of a client's lanes at this moment, as data and as lines for people. */
import type { Clock } from '../core/ports.ts'
import { printable } from '../core/printable.ts'
import type { Statistics } from '../core/statistics.ts'
import type { ClientStats, LaneStats } from './client-stats.ts'
import type { Gate } from '../layer/gate.ts'
import type { Lane } from '../policy/lane.ts'

/** @param gate undefined: the client is closed, and only its statistics are left */
export function statsOf(
  gate: Gate | undefined,
  clock: Clock,
  statistics: () => Statistics,
  unmatched?: readonly string[],
): ClientStats {
  const nowMs = clock.now()
  const lanes: LaneStats[] = []
  let [running, queued, attempts, throttled] = [0, 0, 0, 0]
  for (const entry of gate?.lanes() ?? []) {
    const lane = new LaneSnapshot(entry.lane, entry.queued, (gate as Gate).slots, nowMs)
    lanes.push(lane)
    running += lane.running
    queued += entry.waiting
    attempts += lane.attempts
    throttled += lane.throttled
  }
  queued += gate?.backlog() ?? 0
  return new Snapshot({ running, queued, attempts, throttled, lanes }, statistics, unmatched)
}

type GateCounts = Pick<ClientStats, 'running' | 'queued' | 'attempts' | 'throttled' | 'lanes'>

class Snapshot implements ClientStats {
  readonly running: number
  readonly queued: number
  readonly attempts: number
  readonly throttled: number
  readonly lanes: readonly LaneStats[]

  declare readonly unmatchedHosts?: readonly string[]

  readonly #count: () => Statistics
  #statistics: Statistics | undefined

  constructor(
    { running, queued, attempts, throttled, lanes }: GateCounts,
    statistics: () => Statistics,
    unmatched: readonly string[] | undefined,
  ) {
    this.running = running
    this.queued = queued
    this.attempts = attempts
    this.throttled = throttled
    this.lanes = lanes
    this.#count = statistics
    if (unmatched !== undefined) this.unmatchedHosts = unmatched
  }

  /** Not made before it is asked for: a display asks for the lanes ten times a second. */
  get statistics(): Statistics {
    return (this.#statistics ??= this.#count())
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
