/**
 * Turns one Call into as many Attempts as the policy allows: the loop. `retry-step.ts` decides what follows each attempt.
 *
 * A layer above sees a request once, a layer below once per attempt. While a request backs off it holds neither a slot
 * nor a token, because the gate is below.
 */
import { awaited, broken, resultOf } from '../core/awaited.ts'
import { History, isTokenRefused, last, stepAfter, unjudged } from './retry-step.ts'
import type { RetryPolicy, Step, Tried } from './retry-step.ts'
import { attempt } from '../core/attempt.ts'
import type { Attempt } from '../core/attempt.ts'
import type { Call } from '../core/call.ts'
import type { RetryLayer, Send, Soon } from '../core/layer.ts'
import type { Clock } from '../core/ports.ts'
import type { Fault, Result } from '../core/result.ts'
import { isOneOfSeveral, recordTry } from '../core/tries.ts'
import type { RetryBudget } from '../policy/budget.ts'
import { orInDoubt } from '../policy/doubt.ts'
import { judge } from '../policy/judge.ts'
import type { Verdict } from '../policy/judge.ts'

/** What the caller's hooks make of a result. Absent if there are none. */
export interface Opinions {
  /** `afterAttempt`: a Fault if it failed. */
  afterAttempt(call: Call, trial: Attempt, result: Result): Soon<Fault | undefined>
  /** `afterResponse`: another verdict, or a Fault made by the caller. */
  ofResponse(call: Call, trial: Attempt, result: Result): Soon<Verdict | Fault | undefined>
  /** `shouldRetry`: another verdict. */
  ofRetry(call: Call, trial: Attempt, result: Result, verdict: Verdict): Soon<Verdict | Fault>
  /** `beforeRetry`: a Fault or `'done'` cancels the retry. */
  beforeRetry(call: Call, trial: Attempt, result: Result): Soon<'done' | Fault | undefined>
}

export interface RetryParts {
  readonly budgetOf: (origin: string) => RetryBudget
  readonly clock: Clock
  readonly random: () => number
  readonly opinions: Opinions
  /** Called when the system has refused a socket. Absent: the refusal is treated like any other fault. */
  readonly onShortage?: ((refusal: Fault, admittedAtMs: number, nowMs: number) => void) | undefined
}

export const retry =
  (parts: RetryParts): RetryLayer =>
  next =>
  (call, done) => {
    const budget = parts.budgetOf(call.origin)
    budget.deposit()
    const trial = nextTrial(call, parts.clock)
    // Most requests are answered at once, and need nothing of the retry loop.
    next(trial, result => {
      let ended: Result | undefined
      let verdict: Verdict | undefined
      try {
        verdict =
          result.kind === 'fault' || isOpinionated(call) || isTokenRefused(result, call)
            ? undefined
            : judge(result, call)
        if (verdict === 'done') {
          if (isOneOfSeveral(trial, result)) recordTry(trial, result, parts.clock.now(), parts.clock)
          ended = last(trial, result, parts.clock)
        }
      } catch (error) {
        ended = broken(error)
      }
      if (ended !== undefined) done(ended)
      else awaited(retryLoop({ ...parts, next, budget }, { trial, result }, verdict), done)
    })
  }

const nextTrial = (call: Call, clock: Clock): Attempt => attempt(call, call.trip.retry.attempts + 1, clock.now())

const isOpinionated = ({ plan }: Call): boolean =>
  plan.hooks.afterResponse !== undefined ||
  plan.retry.shouldRetry !== undefined ||
  plan.hooks.afterAttempt !== undefined

interface LoopParts extends RetryParts, RetryPolicy {
  readonly next: Send<Attempt>
}

/** Starts with the first attempt, which may have been judged already, so that the caller's hooks are called once. */
async function retryLoop(parts: LoopParts, first: Tried, judgement?: Verdict): Promise<Result> {
  const { call } = first.trial
  const history = new History()
  let [tried, known] = [first, judgement]
  for (;;) {
    const endedAtMs = parts.clock.now()
    const broke = isReported(tried.trial)
      ? await parts.opinions.afterAttempt(call, tried.trial, tried.result)
      : undefined
    let step = afterHook(broke, tried, parts.clock) ?? unjudged(parts, history, tried)
    if (step === undefined) {
      const verdict = known ?? (isOpinionated(call) ? await judged(parts, call, tried) : judge(tried.result, call))
      step = stepAfter(parts, history, tried, verdict)
    }
    if (step.kind !== 'end' || isOneOfSeveral(tried.trial, tried.result)) {
      recordTry(tried.trial, tried.result, endedAtMs, parts.clock)
    }
    if (step.kind === 'end') return step.result
    if (step.kind === 'retry') {
      const stopped = await untilRetry(parts, tried, step.waitMs)
      if (stopped !== undefined) return stopped
      history.before = tried
    }
    const trial = nextTrial(call, parts.clock)
    tried = { trial, result: await resultOf(parts.next, trial) }
    known = undefined
  }
}

/** Whether `afterAttempt` is called: once for each attempt that passed its limits, and for each `beforeRequest`. */
function isReported({ call, event, signed }: Attempt): boolean {
  const { afterAttempt, beforeRequest } = call.plan.hooks
  return afterAttempt !== undefined && event !== undefined && (signed || beforeRequest === undefined)
}

/** A hook that failed ends its request. An abort and a doubt stay what they are. */
function afterHook(broke: Fault | undefined, { trial, result }: Tried, clock: Clock): Step | undefined {
  if (broke === undefined) return undefined
  if (result.kind === 'reply') return { kind: 'end', result: broke }
  if (trial.trip.cancelSlot.cancelled !== undefined) return undefined
  const known = last(trial, result, clock)
  if (known === result) return { kind: 'end', result: { ...broke, sent: result.sent } }
  trial.trip.warn(broke.message)
  return { kind: 'end', result: known }
}

/** Asks the caller's hook, then backs off. Returns a Result if the request ends meanwhile. */
async function untilRetry({ opinions, clock }: LoopParts, tried: Tried, waitMs: number): Promise<Result | undefined> {
  const { trial, result } = tried
  const { call } = trial
  const { cancelSlot } = call.trip
  const stopped = await opinions.beforeRetry(call, trial, result)
  if (stopped !== undefined) return stopped === 'done' ? last(trial, result, clock) : stopped
  if (cancelSlot.stopping) return last(trial, result, clock)
  if (waitMs > 0) await sleep(call, waitMs, clock)
  return cancelSlot.cancelled === undefined ? undefined : afterCancel(cancelSlot.cancelled, tried)
}

async function judged({ opinions }: RetryParts, call: Call, { trial, result }: Tried): Promise<Verdict | Fault> {
  const { hooks, retry: plan } = call.plan
  const verdict = judge(result, call)
  if (hooks.afterResponse !== undefined && result.kind === 'reply') {
    const opinion = await opinions.ofResponse(call, trial, result)
    if (opinion !== undefined) return opinion
  }
  return plan.shouldRetry === undefined ? verdict : opinions.ofRetry(call, trial, result, verdict)
}

/** Aborted between two attempts: the last one may have been carried out. */
function afterCancel(cancelled: Fault, { trial, result }: Tried): Fault {
  const sent = result.kind === 'fault' && result.sent
  return orInDoubt({ ...cancelled, sent }, trial.call, trial.headed)
}

/** Waits until the back-off ends or the request is aborted. */
function sleep(call: Call, waitMs: number, clock: Clock): Promise<void> {
  const { trip } = call
  const sinceMs = clock.now()
  return new Promise(resolve => {
    const end = (): void => {
      timer.cancel()
      trip.cancelSlot.free()
      trip.stopwatch.backoffMs += clock.now() - sinceMs
      resolve()
    }
    const timer = clock.after(waitMs, end)
    trip.cancelSlot.hold('backoff', end)
  })
}
