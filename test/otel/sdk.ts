/** The real SDK of OpenTelemetry with exporters in memory. */
import { SpanKind } from '@opentelemetry/api'
import type { Attributes } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { onTestFinished } from 'vitest'
import { otel } from '../../src/otel/index.ts'

export function sdk() {
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const propagator = new W3CTraceContextPropagator()
  onTestFinished(async () => {
    await tracerProvider.shutdown()
    await meterProvider.shutdown()
  })
  return {
    tracerProvider,
    telemetry: otel({ tracerProvider, meterProvider, propagator }),
    spans: () => exporter.getFinishedSpans(),
    attempts: () => exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.CLIENT),
    named: (name: string) => exporter.getFinishedSpans().filter(span => span.name === name),
    durations: async (): Promise<{ attributes: Attributes; count: number; sum: number; boundaries: number[] }[]> => {
      await reader.forceFlush()
      const metrics =
        metricExporter
          .getMetrics()
          .at(-1)
          ?.scopeMetrics.flatMap(scope => scope.metrics) ?? []
      return metrics.flatMap(metric => {
        if (metric.descriptor.name !== 'http.client.request.duration' || metric.descriptor.unit !== 's') return []
        return metric.dataPoints.map(({ attributes, value }) => {
          const {
            count,
            sum = 0,
            buckets,
          } = value as { count: number; sum?: number; buckets: { boundaries: number[] } }
          return { attributes, count, sum, boundaries: buckets.boundaries }
        })
      })
    },
  }
}

export const parentOf = (span: ReadableSpan | undefined, spans: readonly ReadableSpan[]): ReadableSpan | undefined =>
  spans.find(other => other.spanContext().spanId === span?.parentSpanContext?.spanId)

export const brief = ({ attributes, status }: ReadableSpan): unknown => [
  attributes['http.request.resend_count'] ?? 0,
  attributes['error.type'] ?? attributes['http.response.status_code'],
  status.code,
]
