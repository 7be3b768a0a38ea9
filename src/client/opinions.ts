/** Callers' hooks and rules as the retry layer's Opinions: their context, their answers, their failures. */
import type { Attempt } from '../core/attempt.ts'
import type { Call } from '../core/call.ts'
import { reasonOf, runCallback } from '../core/callback.ts'
import { toHeaders } from '../core/printable-headers.ts'
import type { Clock } from '../core/ports.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault, Reply, Result } from '../core/result.ts'
import type { AttemptContext, CostInput, HookVerdict, ResponseView } from '../core/spec.ts'
import type { Opinions, Soon } from '../layer/retry.ts'
import type { Verdict } from '../policy/judge.ts'

export type ReadJson = (call: Call, result: Result) => unknown
export type Correct = (call: Call, cost: CostInput) => void

/** `correct` takes what a call has cost in truth; what is wrong with it is thrown at the hook that said it. */
export function opinionsOf(readJson: ReadJson, clock: Clock, correct: Correct): Opinions {
  const ask = <T>(
    name: string,
    call: Call,
    result: Result,
    run: () => T | PromiseLike<T>,
  ): Soon<{ answer: T } | Fault> => {
    const reply = result.kind === 'reply' ? { reply: result } : undefined
    const threw = (error: unknown): Fault =>
      fault('callback/hook', `${name} threw: ${reasonOf(error)}`, { sent: true, cause: error, ...reply })
    const answer = runCallback(run, threw, { trip: call.trip, timeoutMs: call.plan.timeouts.callbackMs, clock })
    return then(answer, given => (isFault(given) ? given : { answer: given }))
  }

  return {
    ofResponse(call, trial, result) {
      const { afterResponse } = call.plan.hooks
      if (afterResponse === undefined || result.kind === 'fault') return undefined
      const context = contextOf(call, trial, result, readJson, correct)
      return then(
        ask('hooks.afterResponse', call, result, () => afterResponse(viewOf(result), context)),
        asked => {
          if (isFault(asked)) return asked
          const opinion = asked.answer as HookVerdict | undefined
          if (opinion?.verdict === 'fail') return rejected(opinion.reason, result)
          return opinion?.verdict === 'retry' ? repeat(call) : undefined
        },
      )
    },

    ofRetry(call, trial, result, verdict) {
      const { shouldRetry } = call.plan.retry
      if (shouldRetry === undefined) return verdict
      const context = contextOf(call, trial, result, readJson, correct)
      return then(
        ask('retry.shouldRetry', call, result, () => shouldRetry(context)),
        asked => {
          if (isFault(asked)) return asked
          if (asked.answer === undefined) return verdict
          if (!asked.answer) return 'done'
          // Repeated anyway, in the server's time.
          return verdict === 'throttle' ? verdict : repeat(call, result)
        },
      )
    },

    beforeRetry(call, trial, result) {
      const { beforeRetry } = call.plan.hooks
      if (beforeRetry === undefined) return undefined
      const context = contextOf(call, trial, result, readJson, correct)
      return then(
        ask('hooks.beforeRetry', call, result, () => beforeRetry(context)),
        asked => {
          if (isFault(asked)) return asked
          const opinion = asked.answer as HookVerdict | boolean | undefined
          if (opinion === false) return 'done'
          return typeof opinion === 'object' && opinion.verdict === 'fail'
            ? rejected(opinion.reason, result)
            : undefined
        },
      )
    },
  }
}

function then<T, U>(soon: Soon<T>, use: (value: T) => U): Soon<U> {
  return soon instanceof Promise ? soon.then(use) : use(soon)
}

/** A caller's wish to repeat is granted where a second copy does no harm. */
function repeat(call: Call, result?: Result): Verdict {
  const unsent = result?.kind === 'fault' && !result.sent
  return call.replayable && (call.repeatable || unsent) ? 'retry' : 'done'
}

function rejected(reason: string | Error, result: Result): Fault {
  const extras = {
    sent: true,
    ...(reason instanceof Error && { cause: reason }),
    ...(result.kind === 'reply' && { reply: result }),
  }
  return fault('callback/rejected', `a hook rejected it: ${reasonOf(reason)}`, extras)
}

function viewOf(reply: Reply): ResponseView {
  return { status: reply.status, headers: toHeaders(reply.headers), url: reply.url }
}

function contextOf(call: Call, trial: Attempt, result: Result, readJson: ReadJson, correct: Correct): AttemptContext {
  let parsed: { readonly json: unknown } | undefined
  return {
    request: { method: call.method, url: call.url, meta: call.meta },
    index: call.index,
    key: call.key,
    attempt: trial.number,
    response: result.kind === 'reply' ? viewOf(result) : undefined,
    error: result.kind === 'fault' ? { code: result.code, message: result.message } : undefined,
    json() {
      parsed ??= { json: readJson(call, result) }
      return parsed.json
    },
    setCost: cost => correct(call, cost),
    retry: () => ({ verdict: 'retry' }),
    fail: reason => ({ verdict: 'fail', reason }),
  }
}
