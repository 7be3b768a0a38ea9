/**
 * What becomes of a request that a run file may know: one decision, for the run that goes on with it and for who asks
 * what that would do.
 */
import type { ResumePlan } from '../config/plan.ts'
import type { Call } from '../core/call.ts'
import { getHeader } from '../core/headers.ts'
import { REFUSED_ID } from '../core/journal.ts'
import type { Doubt, Journal, Known } from '../core/journal.ts'

/** What a run file held when it was opened. */
export type Past = Pick<Journal, 'known' | 'intent' | 'read'>

export type Fate =
  /** `key`: the one that it was sent with before, by which the server knows it again. */
  | { readonly kind: 'send'; readonly key?: string }
  | { readonly kind: 'restore' }
  /** Nobody knows whether it was carried out, and it is not sent behind the caller's back. `crashed`: no line says so. */
  | { readonly kind: 'doubt'; readonly crashed: boolean }
  /** The file has another request in its place. */
  | { readonly kind: 'another' }

const SEND: Fate = { kind: 'send' }

/** What was sent; what was refused then may be anything now. */
export function knownOf(past: Past, index: number): Known | undefined {
  const known = past.known(index)
  return known?.id === REFUSED_ID ? undefined : known
}

/** A second copy does no harm by its method, or by the caller's word. */
export function isSafe({ method, plan }: Call): boolean {
  return plan.retry.methods.has(method)
}

/** At once where it can be: a run must stop before it pulls another batch's next request. @param id its fingerprint */
export function fateOf(
  call: Call,
  id: string,
  past: Past,
  plan: Pick<ResumePlan, 'retryFailed' | 'unknownWrites'>,
): Fate | Promise<Fate> {
  const known = knownOf(past, call.index)
  const doubt = past.intent(call.index)
  // With both, the intent is of a later attempt at what had failed.
  const before = doubt ?? known
  if (before === undefined) return SEND
  if (before.id !== id) return { kind: 'another' }
  if (known !== undefined && doubt === undefined && (known.ok || !plan.retryFailed)) return { kind: 'restore' }
  return isSafe(call) ? SEND : fateOfWrite(call, doubt, past, plan)
}

async function fateOfWrite(
  call: Call,
  doubt: Doubt | undefined,
  past: Past,
  { unknownWrites }: Pick<ResumePlan, 'unknownWrites'>,
): Promise<Fate> {
  const failed = doubt === undefined ? await past.read(call.index).catch(() => undefined) : undefined
  const isUnknown = doubt !== undefined || failed?.error?.code.startsWith('in_doubt/') === true
  const key = doubt?.idempotencyKey ?? failed?.['idempotencyKey']
  // Sent before with a key, and now with the same one: the server knows it again.
  if (typeof key === 'string' && getHeader(call.headers, 'idempotency-key') !== undefined) return { kind: 'send', key }
  return isUnknown && unknownWrites === 'fail' ? { kind: 'doubt', crashed: doubt !== undefined } : SEND
}
