/**
 * What the semantic conventions of OpenTelemetry say about the metric `http.client.request.duration`, for each exporter
 * of it. Its attributes have few values each.
 */
import type { AttemptEvent } from './events.ts'

export const DURATION_METRIC = 'http.client.request.duration'
export const DURATION_DESCRIPTION = 'Duration of HTTP client requests.'

/** The bucket boundaries that the conventions advise, in seconds. */
export const DURATION_BOUNDARIES: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]

/** Methods that the conventions know; any other is `_OTHER`, so that a server's name cannot make any number of them. */
const METHODS: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
])

export const methodOf = (method: string): string => (METHODS.has(method) ? method : '_OTHER')

/** The code of the failure, `http/503` for a refused status; undefined if the attempt has not failed. */
export function errorTypeOf({ code, status = 0 }: Pick<AttemptEvent, 'code' | 'status'>): string | undefined {
  return code ?? (status >= 400 ? `http/${status}` : undefined)
}
