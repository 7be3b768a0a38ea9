/**
 * What becomes of a request that a run file may know: one decision, for the run that goes on with it and for who asks
 * what that would do.
 */
import { fingerprint, oldFingerprint } from './fingerprint.ts'
import type { ResumePlan } from '../../config/plan.ts'
import type { Call } from '../../core/call.ts'
import { getHeader } from '../../core/headers.ts'
import { REFUSED_PRINT } from '../../core/journal.ts'
import type { Doubt, Journal, RecordedRequest } from '../../core/journal.ts'

/** What a run file held when it was opened. */
export type Past = Pick<Journal, 'known' | 'intent' | 'keyedAt' | 'sharesPrint' | 'read' | 'salt' | 'keys'>

export type ResumeDecision =
  /** `key`: the one that it was sent with before, by which the server knows it again. */
  | { readonly kind: 'send'; readonly key?: string }
  /** `id`: of its line. */
  | { readonly kind: 'restore'; readonly id: string }
  /** Unknown whether it was carried out, so it is not sent again unasked. Without `id`, the file has no line for it. */
  | { readonly kind: 'doubt'; readonly id: string | undefined }
  | AnotherRequest

/** The file has another request in its place. */
interface AnotherRequest {
  readonly kind: 'another'
  /** Of what stands there, as `Journal.read` takes it. */
  readonly id: string | number
  /** It may be the same: that was not recorded in version 1. */
  readonly isOld?: true
  /** The same request, by another key: either the keys have changed, or rows have moved. */
  readonly isRenamed?: true
}

/**
 * Which keys of the file a run has met so far. One that it has met proves that the keys are still the same; those that it
 * has not met at its end are gone from the input.
 */
export class Roll {
  readonly #past: Pick<Past, 'known' | 'intent' | 'keys'>
  #met = 0

  constructor(past: Pick<Past, 'known' | 'intent' | 'keys'>) {
    this.#past = past
  }

  /** To be called once for each request of the run. */
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

/** What was sent; what was refused then may be anything now. */
export function knownOf(past: Past, id: string): RecordedRequest | undefined {
  const known = past.known(id)
  return known?.print === REFUSED_PRINT ? undefined : known
}

/** A second copy does no harm by its method, or by the caller's word. */
export function isSafe({ method, plan }: Call): boolean {
  return plan.retry.methods.has(method)
}

interface PastRequest {
  readonly id: string
  readonly known: RecordedRequest | undefined
  readonly doubt: Doubt | undefined
}

/** What the file has of this request. Undefined where it is new. @param print its fingerprint */
export function findIn(past: Past, call: Call, print: string): PastRequest | AnotherRequest | undefined {
  const { id } = call.trip
  const own = at(past, id)
  const found = own ?? atItsPlace(past, call, print)
  if (found === undefined || 'kind' in found) return found
  // With both, the intent is of a later attempt at what had failed.
  const before = found.doubt ?? found.known
  if (before === undefined) return undefined
  if (before.v === 2) return before.print === print ? found : { kind: 'another', id: found.id }
  if (before.print !== oldFingerprint(call)) return { kind: 'another', id: found.id }
  return bringsSecrets(call) ? { kind: 'another', id: found.id, isOld: true } : found
}

/** Of another name than the request has: in version 1 all go by their places. */
function atItsPlace(past: Past, { index, key }: Call, print: string): PastRequest | AnotherRequest | undefined {
  if (key === undefined) {
    // A request with a key was here: its keys have been left out.
    return past.keyedAt(index) === undefined ? undefined : { kind: 'another', id: index }
  }
  const found = at(past, `#${index}`)
  const before = found?.doubt ?? found?.known
  if (found !== undefined && before !== undefined) {
    if (before.v === 1) return found
    // Without keys then, and with keys now. In a file that has both, rows with keys may have moved.
    return past.keys === 0 || before.print === print ? { kind: 'another', id: found.id } : undefined
  }
  // If the keys have changed, everything would be sent again.
  return past.keyedAt(index)?.print === print ? { kind: 'another', id: index, isRenamed: true } : undefined
}

function at(past: Past, id: string): PastRequest | undefined {
  const known = knownOf(past, id)
  const doubt = past.intent(id)
  return known === undefined && doubt === undefined ? undefined : { id, known, doubt }
}

/** Headers or credentials of its own, which version 1 did not look at. */
function bringsSecrets({ own }: Call): boolean {
  return own !== undefined && (own.headers.length > 0 || own.unset.length > 0 || own.credentials !== undefined)
}

/**
 * At once where it can be: a run must stop before it pulls another batch's next request.
 *
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
    // A new row before others that differ in nothing but their keys looks like the row that was there.
    const isNew = found.isRenamed === true && (roll.met > 0 || past.sharesPrint(print))
    return isNew ? SEND : found
  }
  const { id, known, doubt } = found
  if (known !== undefined && doubt === undefined && (known.ok || !plan.retryFailed)) return { kind: 'restore', id }
  return isSafe(call) ? SEND : fateOfWrite(call, found, past, plan)
}

async function fateOfWrite(
  call: Call,
  { id, doubt }: PastRequest,
  past: Past,
  { unknownWrites }: Pick<ResumePlan, 'unknownWrites'>,
): Promise<ResumeDecision> {
  const failed = doubt === undefined ? await past.read(id).catch(() => undefined) : undefined
  const isUnknown = doubt !== undefined || failed?.error?.code.startsWith('in_doubt/') === true
  const key = doubt?.idempotencyKey ?? failed?.['idempotencyKey']
  // Sent before with a key, and now with the same one: the server knows it again.
  if (typeof key === 'string' && getHeader(call.headers, 'idempotency-key') !== undefined) return { kind: 'send', key }
  if (!isUnknown || unknownWrites === 'resend') return SEND
  return { kind: 'doubt', id: doubt === undefined || doubt.hasLine ? id : undefined }
}
