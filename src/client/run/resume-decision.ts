/**
 * Decides about a request of a resumed run: send it, restore its outcome from the run file, or report it as in doubt.
 * Used by the run itself and by a preview of it.
 */
import { fingerprint, oldFingerprint } from './fingerprint.ts'
import type { ResumePlan } from '../../config/plan.ts'
import type { Call } from '../../core/call.ts'
import { isMeant } from '../../core/failure-codes.ts'
import { getHeader } from '../../core/headers.ts'
import { REFUSED_PRINT } from '../../core/journal.ts'
import type { Doubt, Journal, RecordedJob, RecordedRequest } from '../../core/journal.ts'
import type { StatusUrl } from '../../core/poll.ts'

/** What a run file held when it was opened. */
export type Past = Pick<Journal, 'known' | 'intent' | 'job' | 'keyedAt' | 'sharesPrint' | 'read' | 'salt' | 'keys'>

export type ResumeDecision =
  /** `key`: the idempotency key that it was sent with before, by which the server recognises it. */
  | { readonly kind: 'send'; readonly key?: string }
  /** `id`: the id of its line. */
  | { readonly kind: 'restore'; readonly id: string }
  /** It has started a job, which is not started again. */
  | ({ readonly kind: 'poll' } & StatusUrl)
  /**
   * It is unknown whether it was carried out, so it is not sent again unless the caller asks. Without `id`, the file
   * has no line for it. `isJob`: it has started a job, whose URL was not written.
   */
  | { readonly kind: 'doubt'; readonly id: string | undefined; readonly isJob?: true }
  | AnotherRequest

/** The file has a different request under this id. */
interface AnotherRequest {
  readonly kind: 'another'
  /** The id of the line in the file, as `Journal.read` takes it. */
  readonly id: string | number
  /** It may be the same request: version 1 did not record that. */
  readonly isOld?: true
  /** The same request under another key: either the keys have changed, or rows have moved. */
  readonly isRenamed?: true
}

/**
 * Which keys of the file a run has met so far. One met key proves that the keys are still the same; keys that were not
 * met at the end are gone from the input.
 */
export class Roll {
  readonly #past: Pick<Past, 'known' | 'intent' | 'keys'>
  #met = 0

  constructor(past: Pick<Past, 'known' | 'intent' | 'keys'>) {
    this.#past = past
  }

  /** MUST be called once for each request of the run. */
  meet(id: string): void {
    const { keys } = this.#past
    if (keys === 0 || !id.startsWith('k:')) return
    if (this.#past.known(id) !== undefined || this.#past.intent(id) !== undefined) this.#met++
  }

  get met(): number {
    return this.#met
  }

  get gone(): number {
    return this.#past.keys - this.#met
  }
}

const SEND: ResumeDecision = { kind: 'send' }

/** The recorded request, if it was sent. A request that was refused then may be a valid one now. */
export function knownOf(past: Past, id: string): RecordedRequest | undefined {
  const known = past.known(id)
  return known?.print === REFUSED_PRINT ? undefined : known
}

/** Whether a second copy does no harm, by its method or because the caller says so. */
export function isSafe({ method, plan }: Call): boolean {
  return plan.retry.methods.has(method)
}

interface PastRequest {
  readonly id: string
  readonly known: RecordedRequest | undefined
  readonly doubt: Doubt | undefined
  readonly job: RecordedJob | undefined
}

/**
 * What the file records about this request; undefined if it is new.
 * @param print its fingerprint
 */
export function findIn(past: Past, call: Call, print: string): PastRequest | AnotherRequest | undefined {
  const { id } = call.trip
  const own = at(past, id)
  // What was found while running has no place in the input.
  const found = own ?? (call.trip.page?.parent === undefined ? atItsPlace(past, call, print) : undefined)
  if (found === undefined || 'kind' in found) return found
  // If the file has both, the intent belongs to a later attempt of a request that had failed.
  const before = found.doubt ?? found.known
  if (before === undefined) return found.job?.print === print ? found : { kind: 'another', id: found.id }
  if (before.v === 2) {
    if (before.print === print) return found
    return isReplaced(call) ? undefined : { kind: 'another', id: found.id }
  }
  if (before.print !== oldFingerprint(call)) return { kind: 'another', id: found.id }
  return bringsSecrets(call) ? { kind: 'another', id: found.id, isOld: true } : found
}

/** Its page was sent again, and now leads to another request than before: with a new cursor, for example. */
function isReplaced(call: Call): boolean {
  const { page } = call.trip
  return page?.parent !== undefined && !page.isOfRunFile && isSafe(call)
}

/** The recorded request at the same position under another id: in version 1, all are found by their position. */
function atItsPlace(past: Past, { index, key }: Call, print: string): PastRequest | AnotherRequest | undefined {
  if (key === undefined) {
    // A request with a key was recorded here, so the keys have been left out since.
    return past.keyedAt(index) === undefined ? undefined : { kind: 'another', id: index }
  }
  const found = at(past, `#${index}`)
  const before = found?.doubt ?? found?.known
  if (found !== undefined && before !== undefined) {
    if (before.v === 1) return found
    // The file was written without keys, and the input has keys. In a file that has both, rows with keys may have
    // moved.
    return past.keys === 0 || before.print === print ? { kind: 'another', id: found.id } : undefined
  }
  // If the keys have changed, every request would be sent again.
  return past.keyedAt(index)?.print === print ? { kind: 'another', id: index, isRenamed: true } : undefined
}

function at(past: Past, id: string): PastRequest | undefined {
  const known = knownOf(past, id)
  const doubt = past.intent(id)
  const job = past.job(id)
  return known === undefined && doubt === undefined && job === undefined ? undefined : { id, known, doubt, job }
}

/** Whether the request has headers or credentials of its own, which version 1 did not compare. */
function bringsSecrets({ own }: Call): boolean {
  return own !== undefined && (own.headers.length > 0 || own.unset.length > 0 || own.credentials !== undefined)
}

/**
 * Synchronous if possible: a run must stop before it pulls the next request of another batch.
 * @param roll has met this request and all before it
 */
export function resumeDecisionOf(
  call: Call,
  past: Past,
  plan: Pick<ResumePlan, 'retryFailed' | 'unknownWrites'>,
  roll: Pick<Roll, 'met'>,
): ResumeDecision | Promise<ResumeDecision> {
  const print = (call.trip.print ??= fingerprint(call, past.salt))
  const found = findIn(past, call, print)
  if (found === undefined) return SEND
  if ('kind' in found) {
    // A new row before rows that differ only in their keys looks like the row that was there.
    const isNew = found.isRenamed === true && (roll.met > 0 || past.sharesPrint(print))
    return isNew ? SEND : found
  }
  const { id, known, doubt, job } = found
  if (known !== undefined && doubt === undefined && (known.ok || !isMeant(plan.retryFailed, known.code))) {
    return { kind: 'restore', id }
  }
  if (job?.url !== undefined && call.plan.poll !== undefined) {
    const { url, isForeign, isOperation } = job
    return { kind: 'poll', url, isForeign, isOperation }
  }
  return isSafe(call) ? SEND : fateOfWrite(call, found, past, plan)
}

async function fateOfWrite(
  call: Call,
  { id, doubt, job }: PastRequest,
  past: Past,
  { unknownWrites }: Pick<ResumePlan, 'unknownWrites'>,
): Promise<ResumeDecision> {
  const failed = doubt === undefined ? await past.read(id).catch(() => undefined) : undefined
  const isUnknown = doubt !== undefined || failed?.error?.code.startsWith('in_doubt/') === true
  const key = doubt?.idempotencyKey ?? failed?.['idempotencyKey']
  // Sent with an idempotency key before, and with the same key now: the server recognises it.
  if (typeof key === 'string' && getHeader(call.headers, 'idempotency-key') !== undefined) return { kind: 'send', key }
  if (!isUnknown || unknownWrites === 'resend') return SEND
  const isJob = job !== undefined && job.url === undefined && { isJob: true as const }
  return { kind: 'doubt', id: doubt === undefined || doubt.hasLine ? id : undefined, ...isJob }
}
