/**
 * What the library reports while it runs: a batch, its requests and their attempts, each at its start and at its end. The
 * object of the start is completed and reported again at the end, so a listener can use it as a key.
 *
 * Nothing in an event is a secret of its request: URLs are redacted, and headers and bodies are not part of it.
 */
import type { Soon } from './layer.ts'
import type { Timings } from './outcome.ts'
import type { FaultCode } from './result.ts'
import type { AttemptTimings } from './tries.ts'

/** A call of `request`, `stream`, `drain`, `parallelRequests` or `parallelRequestsSync`. */
export interface BatchEvent {
  /** The number of requests. Absent if the input has no length. */
  readonly total?: number
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** Requests that succeeded. Set at the end. */
  readonly ok?: number
  /** Requests that failed. Set at the end. */
  readonly failed?: number
  /** Milliseconds from start to end. Set at the end. */
  readonly elapsedMs?: number
  /** Why the batch stopped before the end of its input: the input threw, the run was aborted, or its run file was lost. */
  readonly error?: unknown
}

/** One request, from the moment at which it is taken from the input to its outcome. */
export interface RequestEvent {
  /** `Outcome.id`, unique in its batch. */
  readonly id: string
  /** The position in the input, from 0. */
  readonly index: number
  /** The `key` of the request. Absent if it has none. */
  readonly key?: string
  /** The method, in upper case. */
  readonly method: string
  /** Secrets are redacted. */
  readonly url: string
  /** `api.example.com`, or `api.example.com:8443` with a port that is not the default; `''` if there is no URL. */
  readonly host: string
  /** The value that the spec gave. */
  readonly meta?: unknown
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** As in the outcome; set at the end, as are the following fields. */
  readonly ok?: boolean
  /** The status of the last response. Absent if no response came. */
  readonly status?: number
  /** The code of the error. Absent if the request succeeded. */
  readonly code?: FaultCode
  /** Attempts that were sent. */
  readonly attempts?: number
  /** Milliseconds spent in each phase. */
  readonly timings?: Timings
  /** `'run-file'` if a resumed run restored the outcome, else `'network'`. */
  readonly source?: 'network' | 'run-file'
  /** Its batch. Not enumerable; undefined if nobody listened when the batch began. */
  readonly batch: BatchEvent | undefined
}

/** One attempt of a request, from the moment at which it passed its limits to the end of the body. */
export interface AttemptEvent {
  /** The id of the request: `Outcome.id`, unique in its batch. */
  readonly id: string
  /** The position in the input, from 0. */
  readonly index: number
  /** The `key` of the request. Absent if it has none. */
  readonly key?: string
  /** 1 for the first attempt of a request; also counts redirect hops and polls. */
  readonly attempt: number
  /** The method, in upper case. */
  readonly method: string
  /** The URL of this attempt. Secrets are redacted. */
  readonly url: string
  /** `api.example.com`, or `api.example.com:8443` with a port that is not the default. */
  readonly host: string
  /** Milliseconds between the end of the previous attempt and the start of this one; 0 for the first. */
  readonly delay: number
  /** Epoch milliseconds. At the end it does not include `auth` and `beforeRequest`, and neither do `timings`. */
  readonly startedAt: number
  /** The status of the response. Absent before the end, and if no response came. */
  readonly status?: number
  /**
   * Why there is no usable response. Absent before the end, and if there is a usable response, whatever its status.
   * `connect/preempted`: its slot went to another host while it connected; it does not count as an attempt.
   */
  readonly code?: FaultCode
  /** Milliseconds by phase. Absent before the end. */
  readonly timings?: AttemptTimings
  /** The bytes of the decoded body. Absent before the end, and if no response came. */
  readonly bytes?: number
  /** `'http/1.1'` or `'h2'`. Absent before the end, and if no response came. */
  readonly protocol?: string
  /** Whether the connection had carried a request before. Absent before the end. */
  readonly reused?: boolean
  /** Present for a redirect hop and its retries. */
  readonly hop?: true
  /** Which request for the status or the result of a job it belongs to, from 1. */
  readonly poll?: number
  /** Its request. Not enumerable; undefined if nobody listened when the request began. */
  readonly request: RequestEvent | undefined
}

/** The events by kind. */
export interface Events {
  /** A call. */
  readonly batch: BatchEvent
  /** A request of a call. */
  readonly request: RequestEvent
  /** An attempt of a request. */
  readonly attempt: AttemptEvent
}

/** The kinds of events. */
export type EventKind = keyof Events

/** Headers by name, in lower case; undefined removes a header that the request has. */
export type EventHeaders = Readonly<Record<string, string | undefined>>

/**
 * Receives the events of a client: the option `telemetry`. `start` and `end` are called once for each batch, request and
 * attempt, with the same object. If one of these functions throws, or returns a promise that rejects, a warning is emitted
 * once and the run continues. Promises are not awaited.
 *
 * @example
 * const telemetry: Telemetry = {
 *   wants: kind => kind === 'attempt',
 *   start() {},
 *   end: (kind, event) => console.log(kind, event),
 * }
 * const client = new ParallelRequests({ telemetry })
 */
export interface Telemetry {
  /**
   * Whether it takes an event of this kind. Called once per event, at its start. If it returns false, neither `start` nor
   * `end` is called for the event. Default: all kinds.
   */
  wants?(kind: EventKind): boolean
  /** Something begins. */
  start<K extends EventKind>(kind: K, event: Events[K]): void
  /** It has ended. The event is the object of its `start`, with the figures of the end. */
  end<K extends EventKind>(kind: K, event: Events[K]): void
  /** Headers that the attempt must carry, such as `traceparent`. Called once, right after its `start`. */
  headersFor?(event: AttemptEvent): EventHeaders | undefined
}

/** As the layers see all that listen. No method may throw. @internal */
export interface Observer {
  /** Whether anybody may take events of this kind. MUST be cheap. */
  wants(kind: EventKind): boolean
  /** Has no effect for those who do not want it. */
  start<K extends EventKind>(kind: K, event: Events[K]): void
  /** Has no effect for those who did not get its start. */
  end<K extends EventKind>(kind: K, event: Events[K]): void
  /** A promise if another thread answers. */
  headersFor?(event: AttemptEvent): Soon<EventHeaders | undefined>
}

/**
 * Whether the thing failed: a batch that ended before its input, a request whose outcome is not ok, an attempt without
 * a usable response or with a status from 400 on.
 */
export function hasFailed(event: Events[EventKind]): boolean {
  if ('attempt' in event) return event.code !== undefined || (event.status ?? 0) >= 400
  return 'index' in event ? event.ok === false : event.error !== undefined
}
