/** A request as an event, at its beginning and at its end. */
import type { Call } from './call.ts'
import type { BatchEvent, RequestEvent } from './events.ts'
import type { Outcome, Timings } from './outcome.ts'
import type { FaultCode } from './result.ts'
import { codeOf } from './unsent-outcome.ts'
import { hostIn, printableUrl } from './url.ts'

type RequestStart = Pick<RequestEvent, 'id' | 'index' | 'key' | 'method' | 'url' | 'host' | 'meta' | 'startedAt'>

/** The fields are own and enumerable; the batch is not, so that an event can be logged as it is. */
class NewRequestEvent implements RequestEvent {
  declare readonly id: string
  declare readonly index: number
  declare readonly key?: string
  declare readonly method: string
  declare readonly url: string
  declare readonly host: string
  declare readonly meta?: unknown
  declare readonly startedAt: number
  declare ok?: boolean
  declare status?: number
  declare code?: FaultCode
  declare attempts?: number
  declare timings?: Timings
  declare source?: 'network' | 'run-file'
  readonly #batch: BatchEvent | undefined

  constructor(start: RequestStart, batch: BatchEvent | undefined) {
    Object.assign(this, start)
    this.#batch = batch
  }

  get batch(): BatchEvent | undefined {
    return this.#batch
  }
}
// Printing shows the fields and no class.
Object.defineProperty(NewRequestEvent.prototype, 'constructor', { value: Object })

export function requestEvent(call: Call, startedAt: number, batch: BatchEvent | undefined): RequestEvent {
  const { index, key, method, meta, plan, trip } = call
  const start: RequestStart = {
    id: trip.id,
    index,
    ...(key !== undefined && { key }),
    method,
    url: printableUrl(call.url, plan.secretNames),
    host: hostIn(call.origin),
    ...(meta !== undefined && { meta }),
    startedAt,
  }
  return new NewRequestEvent(start, batch)
}

/** The event of a request that never became a Call. */
export function refusedEvent(outcome: Outcome, startedAt: number, batch: BatchEvent | undefined): RequestEvent {
  const { id, index, key, request } = outcome
  const { method, url, meta } = request
  const start: RequestStart = {
    id,
    index,
    ...(key !== undefined && { key }),
    method,
    url,
    host: URL.parse(url)?.host ?? '',
    ...(meta !== undefined && { meta }),
    startedAt,
  }
  return new NewRequestEvent(start, batch)
}

export function endRequest(event: RequestEvent, outcome: Outcome): void {
  const filled = event as NewRequestEvent
  const { ok, response, attempts, timings, source } = outcome
  filled.ok = ok
  if (response !== undefined) filled.status = response.status
  const code = codeOf(outcome)
  if (code !== undefined) filled.code = code
  filled.attempts = attempts
  filled.timings = timings
  filled.source = source
}
