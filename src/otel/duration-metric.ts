/** `http.client.request.duration`: how long each attempt took, in seconds. Its attributes have few values each. */
import type { Attributes, Context, Histogram, Meter, MeterProvider } from '@opentelemetry/api'
import { errorTypeOf, methodOf, serverOf, versionOf } from './spans.ts'
import type { AttemptEvent } from '../core/events.ts'

/** The bucket boundaries that the conventions advise. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

export class DurationMetric {
  readonly provider: MeterProvider
  readonly #histogram: Histogram

  constructor(provider: MeterProvider, meter: Meter) {
    this.provider = provider
    this.#histogram = meter.createHistogram('http.client.request.duration', {
      description: 'Duration of HTTP client requests.',
      unit: 's',
      advice: { explicitBucketBoundaries: BOUNDARIES },
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
