/** The caller's hooks and rules as Opinions of the retry layer: their arguments, their answers, their failures. */
import type { Attempt } from '../core/attempt.ts'
import type { Call } from '../core/call.ts'
import { reasonOf, runCallback } from '../core/callback.ts'
import { toHeaders } from '../core/printable-headers.ts'
import type { Clock } from '../core/ports.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault, Reply, Result } from '../core/result.ts'
import type { AttemptContext, CostInput, HookVerdict, ResponseView } from '../core/spec.ts'
import type { Soon } from '../core/layer.ts'
import type { Opinions } from '../layer/retry.ts'
import type { Verdict } from '../policy/judge.ts'
import { joined, say } from '../core/words.ts'
import type { Words } from '../core/words.ts'

export type ReadJson = (call: Call, result: Result) => unknown
export type Correct = (call: Call, cost: CostInput) => void

/** `correct` takes the true cost of a call. A mistake in that cost is thrown at the hook that passed it. */
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
          if (opinion?.verdict !== 'retry') return undefined
          if (call.trip.retry.retriesLeft <= 0)
            call.trip.warn('context.retry(): not retried, since its maxRetries are used up')
          return retryIfSafe(call, result, 'context.retry()')
        },
      )
    },

    afterAttempt(call, trial, result) {
      const { afterAttempt } = call.plan.hooks
      const { event } = trial
      if (afterAttempt === undefined || event === undefined) return undefined
      return then(
        ask('hooks.afterAttempt', call, result, () => afterAttempt(event)),
        asked => (isFault(asked) ? asked : undefined),
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
          // Retried anyway, at the time that the server asks for.
          return verdict === 'throttle' ? verdict : retryIfSafe(call, result, 'retry.shouldRetry')
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

/** Statuses with which a server says that it did not process the request, so any method may be retried. */
const NOTHING_DONE: ReadonlySet<number> = new Set([401, 407, 411, 413, 415, 417, 421, 425, 428, 429, 431])

/** Retries as the caller asks if a second copy does no harm. Otherwise a warning says why it does not retry. */
function retryIfSafe(call: Call, result: Result, asked: string): Verdict {
  const refused = noRetryReason(call, result)
  if (refused === undefined) return 'retry'
  call.trip.warn(joined(`${asked}: not retried, since `, refused))
  return 'done'
}

function noRetryReason({ replayable, repeatable, method }: Call, result: Result): Words | undefined {
  if (!replayable) return 'its body can be read once only. Give a function that opens the stream'
  const isUndone = result.kind === 'fault' ? !result.sent : NOTHING_DONE.has(result.status)
  if (!repeatable && !isUndone) {
    return [
      `a ${method} may have been carried out. Give it an `,
      { option: 'idempotencyKey' },
      ', or name its method in ',
      { option: 'retry.methods' },
    ]
  }
  return undefined
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
    id: call.trip.id,
    attempt: trial.number,
    response: result.kind === 'reply' ? viewOf(result) : undefined,
    error: result.kind === 'fault' ? { code: result.code, message: say(result.message) } : undefined,
    json() {
      parsed ??= { json: readJson(call, result) }
      return parsed.json
    },
    setCost: cost => correct(call, cost),
    retry: () => ({ verdict: 'retry' }),
    fail: reason => ({ verdict: 'fail', reason }),
  }
}
