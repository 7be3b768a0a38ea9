/** Polling: how a job that a server carries out is followed until it is done. */
import { getHeader } from './headers.ts'
import type { HeaderList } from './headers.ts'
import type { Path } from './pagination.ts'
import type { Fault, Result } from './result.ts'
import type { Duration } from './spec.ts'

/**
 * One value of a status, several, or a function of it. Texts are compared without regard to case. A method, so that a caller
 * may name a narrower type for the status than is known here.
 */
export type PollMatch =
  | string
  | number
  | boolean
  | readonly (string | number | boolean)[]
  | { of(status: unknown): boolean }['of']

/**
 * How a job is polled. Paths are JMESPath expressions, or functions of the JSON value of a response.
 *
 * @example { status: 'status', done: 'succeeded', failed: ['failed', 'canceled'], url: 'urls.get', result: 'output' }
 */
export interface PollInput {
  /**
   * Where a response has the status of the job. Default: only 202 means that it is not done; after an
   * `Operation-Location` or `Azure-AsyncOperation` header, the member `status` counts as well. A response (except 202)
   * without a status fails with `poll/no_status`.
   */
  readonly status?: Path | undefined
  /**
   * The status of a job that is done. Default `'succeeded'`, `'success'`, `'successful'`, `'completed'`, `'complete'`,
   * `'done'`, `'finished'`. A function gets the status; without `status`, the whole value.
   */
  readonly done?: PollMatch | undefined
  /**
   * The status of a job that has failed: the request fails with `poll/failed`. Default `'failed'`, `'failure'`,
   * `'error'`, `'errored'`, `'canceled'`, `'cancelled'`, `'aborted'`, `'expired'`. Checked before `done`.
   */
  readonly failed?: PollMatch | undefined
  /**
   * The wait between two status requests, in milliseconds or as a duration. Default `'2s'`; 0 = none. A longer
   * `Retry-After` of the response is used instead, up to `retry.maxRetryAfter`. It must be shorter than `deadline`, so
   * `Infinity` cannot be used.
   */
  readonly interval?: Duration | undefined
  /**
   * How long a job may take, from its first response. Default `'10m'`; `Infinity` = for ever; 0 is a ConfigError. Fails with
   * `timeout/poll`.
   */
  readonly deadline?: Duration | undefined
  /**
   * Where the first response has the URL of the status. Default: its `Operation-Location`, `Azure-AsyncOperation` or
   * `Location` header; else the URL of the request itself, if it is a GET. Fails with `poll/no_status_url` if there is
   * none.
   */
  readonly url?: Path | undefined
  /**
   * The URL of the result, from the last response. It is requested last, and its response is the value. Default: the last
   * response itself. Fails with `poll/no_result` if there is none.
   */
  readonly result?: Path | undefined
}

/** The option `poll` after it has been read: every field that was not given is undefined. */
export interface PollPlan {
  readonly status: Path | undefined
  /** Texts in lower case. Empty: the status of a response does not matter. */
  readonly done: readonly string[] | ((status: unknown) => unknown)
  readonly failed: readonly string[] | ((status: unknown) => unknown)
  readonly intervalMs: number
  readonly deadlineMs: number
  readonly url: Path | undefined
  readonly result: Path | undefined
}

/** Whether the status in the body of a response decides, as the caller says. */
export const isJudgedByValue = ({ status, done }: PollPlan): boolean =>
  status !== undefined || typeof done === 'function'

/** The URL of an operation, in the header of Azure and of the APIs made after it. */
export const operationUrlIn = (headers: HeaderList): string | undefined =>
  getHeader(headers, 'operation-location') || getHeader(headers, 'azure-asyncoperation') || undefined

/** Whether a further request of the same job may follow the first result of its request. Cheap, and rather true. */
export function mayBeFollowed(plan: PollPlan, result: Result): boolean {
  if (result.kind === 'fault') return false
  if (result.status === 202 || plan.result !== undefined || isJudgedByValue(plan)) return true
  return operationUrlIn(result.headers) !== undefined
}

/** The job of a request in the record of its run. */
export interface JobRecord {
  /** The job was started by an earlier run: the URL that tells its status. */
  readonly known?: StatusUrl | undefined
  /** Called before the first status request to a URL. A Fault ends the request. */
  record(url: StatusUrl): Promise<Fault | undefined>
}

export interface StatusUrl {
  readonly url: string
  /** Another origin has named it, so the credentials of the request stay away from it. */
  readonly isForeign: boolean
  /** It is an operation in the manner of Azure, whose body has a `status`. */
  readonly isOperation: boolean
}
