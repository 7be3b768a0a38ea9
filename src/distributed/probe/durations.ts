/** The histogram `http_client_request_duration_seconds`: every attempt of a worker, as OpenTelemetry names it. */
import type { Family, Labels, Sample } from './prometheus.ts'
import type { AttemptEvent, Telemetry } from '../../core/events.ts'
import {
  DURATION_BOUNDARIES,
  DURATION_DESCRIPTION,
  DURATION_METRIC,
  errorTypeOf,
  methodOf,
} from '../../core/http-metric.ts'

interface Series {
  readonly labels: Labels
  /** By bucket, not added up; the last one is that of all longer durations. */
  readonly counts: number[]
  sum: number
}

export class Durations implements Telemetry {
  readonly #series = new Map<string, Series>()

  wants(kind: string): boolean {
    return kind === 'attempt'
  }

  start(): void {}

  end(_kind: string, event: object): void {
    if ('attempt' in event) this.#record(event as AttemptEvent)
  }

  /** Without the server: a batch may have any number of them. */
  #record(event: AttemptEvent): void {
    const { status, timings } = event
    const method = methodOf(event.method)
    const error = errorTypeOf(event)
    const key = `${method} ${status} ${error}`
    let series = this.#series.get(key)
    if (series === undefined) {
      const labels = {
        http_request_method: method,
        ...(status !== undefined && { http_response_status_code: String(status) }),
        ...(error !== undefined && { error_type: error }),
      }
      series = { labels, counts: Array.from({ length: DURATION_BOUNDARIES.length + 1 }, () => 0), sum: 0 }
      this.#series.set(key, series)
    }
    const seconds = (timings?.total ?? 0) / 1_000
    const bucket = DURATION_BOUNDARIES.findIndex(most => seconds <= most)
    const at = bucket === -1 ? DURATION_BOUNDARIES.length : bucket
    series.counts[at] = (series.counts[at] as number) + 1
    series.sum += seconds
  }

  family(): Family {
    return {
      name: `${DURATION_METRIC.replaceAll('.', '_')}_seconds`,
      type: 'histogram',
      help: DURATION_DESCRIPTION,
      samples: [...this.#series.values()].flatMap(samplesOf),
    }
  }
}

function samplesOf({ labels, counts, sum }: Series): Sample[] {
  let total = 0
  const buckets = counts.map((count, at) => {
    total += count
    return { suffix: '_bucket', labels: { ...labels, le: boundText(DURATION_BOUNDARIES[at]) }, value: total }
  })
  return [...buckets, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: total }]
}

const boundText = (bound: number | undefined): string => (bound === undefined ? '+Inf' : String(bound))
