/** The events of a client → spans and metrics of OpenTelemetry, named by its conventions for HTTP clients. */
import { context, metrics, propagation, trace } from '@opentelemetry/api'
import type { Context, MeterProvider, Span, TextMapPropagator, TracerProvider } from '@opentelemetry/api'
import { attemptEnd, attemptStart, batchEnd, batchStart, requestEnd, requestStart } from './spans.ts'
import type { SpanEnd, SpanStart } from './spans.ts'
import { DurationMetric } from './duration-metric.ts'
import { matching } from '../config/kinds.ts'
import type { AttemptEvent, EventHeaders, EventKind, Events, Telemetry } from '../core/events.ts'
import { PACKAGE_VERSION } from '../core/version.ts'
import { readSinkOptions } from '../sinks/options.ts'

/** Where spans and metrics go. What is absent is taken from the global API of OpenTelemetry. */
export interface OtelOptions {
  /** Makes the spans. Default the global one. */
  readonly tracerProvider?: TracerProvider | undefined
  /** Makes the metrics. Default the global one. */
  readonly meterProvider?: MeterProvider | undefined
  /** Writes the trace context into the headers of each attempt. Default the global one. */
  readonly propagator?: TextMapPropagator | undefined
}

const can =
  <T>(method: string) =>
  (value: unknown): value is T =>
    typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[method] === 'function'

const READERS = {
  tracerProvider: matching(
    'an object with getTracer()',
    can<TracerProvider>('getTracer'),
    'Give a TracerProvider, or leave it out for the global one.',
  ),
  meterProvider: matching(
    'an object with getMeter()',
    can<MeterProvider>('getMeter'),
    'Give a MeterProvider, or leave it out for the global one.',
  ),
  propagator: matching(
    'an object with inject()',
    can<TextMapPropagator>('inject'),
    'Give a TextMapPropagator, or leave it out for the global one.',
  ),
}

/**
 * Spans, metrics and trace context for the option `telemetry`. Needs `@opentelemetry/api`.
 *
 * - A span for each batch, a child of the span that is active when the batch starts; one for each request; and one of
 *   kind CLIENT for each attempt, redirect hops included, with the attributes of the HTTP conventions. `error.type` is
 *   the code of the failure (`timeout/headers`, `http/503`), and the status of a failed span is ERROR.
 * - The histogram `http.client.request.duration` in seconds, one value for each attempt.
 * - The context of the attempt's span in its headers. A `traceparent` that the request has, and every other field of the
 *   propagator except `baggage`, is replaced. A redirect to another origin gets no `baggage`.
 *
 * Secrets in URLs are redacted; headers and bodies are in no span. Without a registered SDK it does nothing. It works over
 * HTTP/1.1, HTTP/2, with `workers` and in `parallelRequestsSync`.
 *
 * Source: OpenTelemetry semantic conventions for HTTP, stable since 1.23.
 *
 * @throws ConfigError for an unknown name or a wrong value
 * @example new ParallelRequests({ telemetry: otel() })
 * @example new ParallelRequests({ telemetry: otel({ tracerProvider, meterProvider }) })
 */
export function otel(options: OtelOptions = {}): Telemetry {
  return new Otel(readSinkOptions('otel', options, READERS))
}

/** The name of the instrumentation scope. */
const SCOPE = 'parallel-requests'

class Otel implements Telemetry {
  readonly #options: OtelOptions
  /** The context of each open span, for its children and its headers. */
  readonly #contexts = new WeakMap<Events[EventKind], Context>()
  #duration: DurationMetric | undefined

  constructor(options: OtelOptions) {
    this.#options = options
  }

  start<K extends EventKind>(_kind: K, event: Events[K]): void {
    const parent = this.#parentOf(event)
    const { name, ...options } = startOf(event)
    const span = this.#tracer().startSpan(name, { ...options, startTime: event.startedAt }, parent)
    this.#contexts.set(event, trace.setSpan(parent, span))
  }

  end<K extends EventKind>(_kind: K, event: Events[K]): void {
    const own = this.#contexts.get(event)
    const span = own && trace.getSpan(own)
    if (own === undefined || span === undefined) return
    this.#contexts.delete(event)
    const end = endOf(event)
    if ('attempt' in event) this.#metric().record(event, own)
    finish(span, end, event.startedAt)
  }

  headersFor(event: AttemptEvent): EventHeaders | undefined {
    const current = this.#contexts.get(event)
    if (current === undefined) return undefined
    const propagator = this.#options.propagator ?? propagation
    const carrier: Record<string, string> = {}
    propagator.inject(current, carrier, { set: (into, name, value) => void (into[name.toLowerCase()] = value) })
    if (Object.keys(carrier).length === 0) return undefined
    const fields = propagator
      .fields()
      .map(name => name.toLowerCase())
      .filter(name => name !== 'baggage')
    // Baggage holds values of the application, which another origin must not learn from a redirect.
    const own = crossesOrigin(event) ? fields.filter(name => carrier[name] !== undefined) : Object.keys(carrier)
    // What is left of an earlier context would contradict this one. Baggage is independent of it.
    const stale = fields.filter(name => carrier[name] === undefined)
    return Object.fromEntries([...stale, ...own].map(name => [name, carrier[name]]))
  }

  #parentOf(event: Events[EventKind]): Context {
    const parent = 'attempt' in event ? event.request : 'index' in event ? event.batch : undefined
    return (parent && this.#contexts.get(parent)) ?? context.active()
  }

  #tracer() {
    return (this.#options.tracerProvider ?? trace).getTracer(SCOPE, PACKAGE_VERSION)
  }

  /** Made again for another provider: a global one may be registered later than this object is made. */
  #metric(): DurationMetric {
    const provider = this.#options.meterProvider ?? metrics.getMeterProvider()
    if (this.#duration?.provider !== provider) {
      this.#duration = new DurationMetric(provider, provider.getMeter(SCOPE, PACKAGE_VERSION))
    }
    return this.#duration
  }
}

function startOf(event: Events[EventKind]): SpanStart {
  if ('attempt' in event) return attemptStart(event)
  return 'index' in event ? requestStart(event) : batchStart(event)
}

function endOf(event: Events[EventKind]): SpanEnd {
  if ('attempt' in event) return attemptEnd(event)
  return 'index' in event ? requestEnd(event) : batchEnd(event)
}

function finish(span: Span, { attributes, status, elapsedMs }: SpanEnd, startedAt: number): void {
  span.setAttributes(attributes)
  if (status !== undefined) span.setStatus(status)
  span.end(startedAt + elapsedMs)
}

/** Whether this is a hop or a poll at another origin than that of its request. */
function crossesOrigin({ hop, poll, url, host, request }: AttemptEvent): boolean {
  const isOwn = hop === undefined && poll === undefined
  return !isOwn && (request === undefined || host !== request.host || schemeOf(url) !== schemeOf(request.url))
}

const schemeOf = (url: string): string => url.slice(0, url.indexOf(':'))
