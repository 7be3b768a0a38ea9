/**
 * What a response says about a job: done, failed or pending, where its status is asked for, and how long to wait before
 * that. Pure, so that every rule is a row of a table in its test.
 */
import { announcedWaitMs } from './retry-after.ts'
import type { CallPlan } from '../core/call.ts'
import { isThenable, reasonOf } from '../core/callback.ts'
import { getHeader } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'
import { operationUrlIn } from '../core/poll.ts'
import type { PollPlan } from '../core/poll.ts'
import { printable } from '../core/printable.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault, Reply } from '../core/result.ts'

export type JobState =
  | { readonly kind: 'done' }
  /** `shown`: its status, as a clause for messages. */
  | { readonly kind: 'failed'; readonly shown: string }
  | { readonly kind: 'pending'; readonly shown: string }
  /** The response has no status. */
  | { readonly kind: 'unknown' }

/** The state of a job without a status in its responses. */
export const stateOfHead = ({ status }: Pick<Reply, 'status'>, isStarting: boolean): JobState =>
  status === 202 || isStarting
    ? { kind: 'pending', shown: `the last response had the status ${status}` }
    : { kind: 'done' }

/** The state of a job by the status that its response has; a Fault if a function of the caller failed. */
export function stateOf(status: unknown, { done, failed }: Pick<PollPlan, 'done' | 'failed'>): JobState | Fault {
  const isFailed = matches(status, failed, 'poll.failed')
  if (isFault(isFailed)) return isFailed
  if (isFailed) return { kind: 'failed', shown: shown(status, 'poll.failed says so') }
  const isDone = matches(status, done, 'poll.done')
  if (isFault(isDone)) return isDone
  if (isDone) return { kind: 'done' }
  if (typeof done !== 'function' && wordOf(status) === undefined) return { kind: 'unknown' }
  return { kind: 'pending', shown: shown(status, 'poll.done said no') }
}

function matches(status: unknown, wanted: PollPlan['done'], name: string): boolean | Fault {
  if (typeof wanted !== 'function') {
    const word = wordOf(status)
    return word !== undefined && wanted.includes(word)
  }
  const answer = asked(name, wanted, status)
  return isFault(answer) ? answer : Boolean(answer.value)
}

/** Calls a function of the caller. */
export function asked(
  name: string,
  run: (value: never) => unknown,
  value: unknown,
): { readonly value: unknown } | Fault {
  try {
    const answer: unknown = run(value as never)
    if (!isThenable(answer)) return { value: answer }
    answer.then(undefined, () => undefined)
    return fault('callback/poll', `${name}: expected an answer at once, got a promise`, { sent: true })
  } catch (error) {
    return fault('callback/poll', `${name} threw: ${reasonOf(error)}`, { sent: true, cause: error })
  }
}

/** A status as it is compared. APIs do not agree with themselves on the case: Azure sends `Succeeded` and `succeeded`. */
function wordOf(status: unknown): string | undefined {
  const isWord = typeof status === 'string' || typeof status === 'number' || typeof status === 'boolean'
  const word = isWord ? String(status).trim().toLowerCase() : ''
  return word === '' ? undefined : word
}

const MAX_SHOWN = 100

/** The server has written the status. */
function shown(status: unknown, otherwise: string): string {
  if (wordOf(status) === undefined) return otherwise
  const text = printable(JSON.stringify(status))
  return `its status is ${text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text}`
}

/** The status URL in the headers of a response, the most specific first. */
export const statusUrlIn = (headers: HeaderList): string | undefined =>
  operationUrlIn(headers) ?? (getHeader(headers, 'location') || undefined)

/**
 * Milliseconds before the next status request. A wait that the server asks for is shortened to `maxRetryAfter`: a status
 * that is asked for too early does no harm, and the server may answer 429.
 */
export function pollWaitMs(
  { headers }: Pick<Reply, 'headers'>,
  { intervalMs }: Pick<PollPlan, 'intervalMs'>,
  { maxRetryAfterMs }: Pick<CallPlan['retry'], 'maxRetryAfterMs'>,
  epochMs: number,
): number {
  return Math.max(intervalMs, Math.min(announcedWaitMs(headers, epochMs) ?? 0, maxRetryAfterMs))
}
