/** How late the timers of this process are. A worker whose loop stands still loses its chunks after 20 s. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { IntervalHistogram } from 'node:perf_hooks'
import type { Family } from './prometheus.ts'

const RESOLUTION_MS = 10
const NS = 1e9

export class LoopLag {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })

  constructor() {
    this.#histogram.enable()
  }

  get maxMs(): number {
    return this.#late(this.#histogram.max) * 1_000
  }

  /** Since the last time that it was asked. Under the names that the client libraries of Prometheus use. */
  families(): Family[] {
    const gauge = (name: string, help: string, ns: number): Family => ({
      name: `nodejs_eventloop_lag_${name}_seconds`,
      type: 'gauge',
      help,
      samples: [{ value: this.#late(ns) }],
    })
    const families = [
      gauge('p50', 'Median lateness of timers since the last scrape.', this.#histogram.percentile(50)),
      gauge('p99', '99th percentile of the lateness of timers since the last scrape.', this.#histogram.percentile(99)),
      gauge('max', 'Maximum lateness of timers since the last scrape.', this.#histogram.max),
    ]
    this.#histogram.reset()
    return families
  }

  close(): void {
    this.#histogram.disable()
  }

  /** In seconds. What is measured is the time from one timer to the next. */
  #late(ns: number): number {
    return Math.max(0, ns / NS - RESOLUTION_MS / 1_000)
  }
}
