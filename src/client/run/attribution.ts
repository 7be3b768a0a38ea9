/**
 * Finds out what limited a run: it samples the state of the run from time to time, and attributes the time since the last
 * sample to the one cause that keeps a further attempt from the wire now.
 *
 * Samples become rarer as the run goes on, so their number grows with the logarithm of its duration. The timer does not
 * keep the process running.
 */
import { setTimeout } from 'node:timers'
import { adviceOf } from './advice.ts'
import type { Evidence } from './advice.ts'
import { causeOf } from './cause.ts'
import { PauseLog } from './pause-log.ts'
import type { Pause } from './pause-log.ts'
import { systemClock } from '../system-clock.ts'
import { NamedLimits, limitingAt } from './named-limits.ts'
import type { Attributed, Limiting } from '../../core/attribution.ts'
import type { Clock } from '../../core/ports.ts'
import type { Statistics } from '../../core/statistics.ts'
import type { Census } from '../../engine/census.ts'
import { isSaturated } from '../../layer/occupancy.ts'
import type { Gate } from '../../layer/gate.ts'

const LEAST_MS = 50
/** The number of samples while the duration of the run grows by a factor of e. */
const LOOKS = 30

export interface WatchedRun {
  readonly census: Census
}

/** What there is to say about a run at its end. */
export interface RunReport extends Attributed {
  readonly elapsedMs: number
  /** CPU time of the whole process, user and system. */
  readonly cpuMs: number
  readonly pauses: readonly Pause[]
}

export class Attribution {
  readonly #clock: Clock
  readonly #shares = new Map<Limiting, number>()
  readonly #rates = new NamedLimits()
  readonly #slots = new NamedLimits()
  readonly #pauses: PauseLog
  #startMs = 0
  #lastMs = 0
  #endMs: number | undefined
  #cpu: NodeJS.CpuUsage | undefined
  /** CPU time of the process at the last look. */
  #cpuMs = 0
  #loop = performance.eventLoopUtilization()
  #busyMs = 0
  #busyAsCauseMs = 0
  #cpuAsCauseMs = 0
  #callbackMs = 0
  #last: Limiting | undefined
  #mostUntaken = 0
  #hadFullWindow = false
  #mostInCallback = 0
  #inOrder = false
  #run: WatchedRun | undefined
  #gate: Gate | undefined
  #timer: NodeJS.Timeout | undefined
  #unwatch: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#pauses = new PauseLog(clock)
  }

  /**
   * @param inOrder outcomes are given out in the order of the input
   * @param batch identifies the calls of this run (`SavingPlan.batch`)
   */
  start(run: WatchedRun, gate: Gate, inOrder: boolean, batch: object): void {
    this.#inOrder = inOrder
    this.#run = run
    this.#gate = gate
    this.#startMs = this.#lastMs = this.#clock.now()
    this.#cpu = process.cpuUsage()
    this.#cpuMs = 0
    this.#loop = performance.eventLoopUtilization()
    this.#unwatch = gate.watchPauses((host, fromMs, untilMs, call) =>
      this.#pauses.note(host, fromMs, untilMs, call.plan.saving.batch === batch),
    )
    gate.occupancy.watch()
    // With a virtual clock, a timer would advance the time.
    if (this.#clock === systemClock) this.#schedule(LEAST_MS)
  }

  /** After the last outcome. */
  end(): void {
    if (this.#endMs !== undefined || this.#run === undefined) return
    clearTimeout(this.#timer)
    this.#unwatch?.()
    this.#endMs = this.#clock.now()
    this.#mostUntaken = Math.max(this.#mostUntaken, this.#run.census.untaken)
    this.#pauses.end(this.#endMs)
    // No request is open any more. The rest of the time goes to the last cause.
    if (this.#last !== undefined) this.#attribute(this.#last, this.#endMs - this.#lastMs)
  }

  /** The consumer has the last outcome now: the time since the end was its own. */
  taken(): void {
    if (this.#endMs === undefined || this.#clock !== systemClock) return
    const restMs = this.#clock.now() - this.#endMs
    if (restMs < LEAST_MS) return
    this.#attribute('consumer', restMs)
    this.#endMs += restMs
  }

  /** @param statistics of the same run */
  verdict(statistics: Statistics): Attributed {
    const all = [...this.#shares.values()].reduce((sum, ms) => sum + ms, 0)
    const [most] = [...this.#shares].toSorted(([, a], [, b]) => b - a)
    if (most === undefined || all <= 0) return {}
    const shares = Object.fromEntries([...this.#shares].map(([cause, ms]) => [cause, rounded(ms / all)]))
    const [limitedBy, ms] = most
    return { limitedBy, shares, advice: adviceOf(limitedBy, this.#evidence(limitedBy, ms, ms / all, statistics)) }
  }

  /** @param statistics of the same run */
  report(statistics: Statistics): RunReport {
    return {
      ...this.verdict(statistics),
      elapsedMs: Math.round((this.#endMs ?? this.#clock.now()) - this.#startMs),
      cpuMs: Math.round(this.#usedMs()),
      pauses: this.#pauses.all(hostsOf(statistics)),
    }
  }

  #evidence(limitedBy: Limiting, ms: number, share: number, statistics: Statistics): Evidence {
    const gate = this.#gate as Gate
    return {
      share,
      statistics,
      slots: gate.slots,
      slotsName: gate.slotsName,
      peak: gate.occupancy.peak,
      firstBytes: gate.occupancy.firstBytes(),
      busy: limitedBy === 'cpu' ? this.#busyAsCauseMs / ms : 0,
      onCpu: limitedBy === 'cpu' ? this.#cpuAsCauseMs / ms : 0,
      limit: (limitedBy === 'rate' ? this.#rates : this.#slots).most,
      pausedHosts: this.#pauses.hosts(hostsOf(statistics)),
      mostUntaken: this.#mostUntaken,
      hadFullWindow: this.#hadFullWindow,
      // Functions of the caller, rather than outcomes that wait.
      mostInCallback: 2 * this.#callbackMs > ms ? this.#mostInCallback : 0,
    }
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#look()
      this.#schedule(Math.max(LEAST_MS, (this.#lastMs - this.#startMs) / LOOKS))
    }, delayMs)
    this.#timer.unref()
  }

  #look(): void {
    const nowMs = this.#clock.now()
    const sinceMs = nowMs - this.#lastMs
    this.#lastMs = nowMs
    const gate = this.#gate as Gate
    const { census } = this.#run as WatchedRun
    const { waits, rate, slots } = limitingAt(gate, census)
    const firstBytes = gate.occupancy.firstBytes()
    const found = causeOf({
      census,
      inOrder: this.#inOrder,
      waits,
      isFull: gate.fullSlots !== undefined,
      running: gate.occupancy.running,
      busy: this.#utilization(),
      isSaturated: firstBytes !== undefined && isSaturated(firstBytes),
    })
    this.#mostUntaken = Math.max(this.#mostUntaken, census.untaken)
    this.#hadFullWindow ||= census.isWindowFull
    this.#mostInCallback = Math.max(this.#mostInCallback, census.inCallback)
    const cpuMs = this.#usedMs()
    const cpuSinceMs = cpuMs - this.#cpuMs
    this.#cpuMs = cpuMs
    const cause = found?.cause ?? this.#last
    if (cause === undefined) return
    const repeatsMs = sinceMs * (found?.repeats ?? 0)
    this.#attribute(cause, sinceMs - repeatsMs)
    if (repeatsMs > 0) this.#attribute('retries', repeatsMs)
    if (cause === 'rate') this.#rates.note(rate, sinceMs)
    if (cause === 'concurrency') this.#slots.note(slots, sinceMs)
    if (cause === 'cpu') {
      this.#busyAsCauseMs += this.#busyMs
      this.#cpuAsCauseMs += cpuSinceMs
    }
    if (cause === 'consumer' && census.inCallback > census.untaken) this.#callbackMs += sinceMs
    this.#last = cause
  }

  /** CPU time of the process since the start of the run. */
  #usedMs(): number {
    const { user, system } = process.cpuUsage(this.#cpu)
    return (user + system) / 1_000
  }

  #attribute(cause: Limiting, ms: number): void {
    this.#shares.set(cause, (this.#shares.get(cause) ?? 0) + ms)
  }

  /** Of the event loop since the last look. */
  #utilization(): number {
    const now = performance.eventLoopUtilization()
    const { active, utilization } = performance.eventLoopUtilization(now, this.#loop)
    this.#loop = now
    this.#busyMs = active
    return utilization
  }
}

const hostsOf = ({ hosts }: Statistics): ReadonlySet<string> => new Set(hosts.map(({ host }) => host))

const rounded = (share: number): number => Math.round(share * 1_000) / 1_000
