/** `http.client.request.duration`: how long each attempt took, in seconds. Its attributes have few values each. */
import type { Attributes, Context, Histogram, Meter, MeterProvider } from '@opentelemetry/api'
import { serverOf, versionOf } from './spans.ts'
import type { AttemptEvent } from '../core/events.ts'
import {
  DURATION_BOUNDARIES,
  DURATION_DESCRIPTION,
  DURATION_METRIC,
  errorTypeOf,
  methodOf,
} from '../core/http-metric.ts'

export class DurationMetric {
  readonly provider: MeterProvider
  readonly #histogram: Histogram

  constructor(provider: MeterProvider, meter: Meter) {
    this.provider = provider
    this.#histogram = meter.createHistogram(DURATION_METRIC, {
      description: DURATION_DESCRIPTION,
      unit: 's',
      advice: { explicitBucketBoundaries: [...DURATION_BOUNDARIES] },
    })
  }

  record(event: AttemptEvent, context: Context): void {
    const { method, status, protocol, timings } = event
    const type = errorTypeOf(event)
    const attributes: Attributes = {
      'http.request.method': methodOf(method),
      ...serverOf(event),
      ...(status !== undefined && { 'http.response.status_code': status }),
      ...(protocol !== undefined && { 'network.protocol.version': versionOf(protocol) }),
      ...(type !== undefined && { 'error.type': type }),
    }
    this.#histogram.record((timings?.total ?? 0) / 1_000, attributes, context)
  }
}
