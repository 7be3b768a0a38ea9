/** OpenTelemetry: spans of batches, requests and attempts, metrics of HTTP, and the trace context in the headers. */
import '../core/supported-node.ts'
export { otel } from './otel.ts'
export type { OtelOptions } from './otel.ts'
