/** The caller's functions as a sync call must have them: one that answers with a promise has failed. */
import type { CallPlan, Credentials } from '../../core/call.ts'
import { isThenable } from '../../core/callback.ts'

/** Thrown in the place of the answer; turns into `callback/async`. */
export class AsyncAnswer extends Error {
  constructor(subject: string) {
    super(
      `${subject}, and parallelRequestsSync cannot wait for it: the calling thread is blocked. Make it synchronous, or await parallelRequests`,
    )
  }
}

/** The function, which throws when its answer is a promise. */
function prompt<A extends readonly unknown[], T>(name: string, run: (...args: A) => T): (...args: A) => T {
  return (...args) => {
    const answer = run(...args)
    if (!isThenable(answer)) return answer
    // Nobody will look at it any more, and its failure must not end the process.
    answer.then(undefined, () => undefined)
    throw new AsyncAnswer(`${name} returned a promise`)
  }
}

export function promptPlan(plan: CallPlan): CallPlan {
  const { schema, parseFunc, retry, hooks } = plan
  const { backoff, shouldRetry } = retry
  const { beforeRequest, afterResponse, beforeRetry } = hooks
  return {
    ...plan,
    schema: schema && promptSchema(schema),
    parseFunc: parseFunc && prompt('parseFunc', parseFunc),
    acceptStatus: prompt('acceptStatus', plan.acceptStatus),
    retry: {
      ...retry,
      backoff: typeof backoff === 'function' ? prompt('retry.backoff', backoff) : backoff,
      shouldRetry: shouldRetry && prompt('retry.shouldRetry', shouldRetry),
    },
    hooks: {
      ...(beforeRequest && { beforeRequest: prompt('hooks.beforeRequest', beforeRequest) }),
      ...(afterResponse && { afterResponse: prompt('hooks.afterResponse', afterResponse) }),
      ...(beforeRetry && { beforeRetry: prompt('hooks.beforeRetry', beforeRetry) }),
    },
  }
}

function promptSchema(schema: NonNullable<CallPlan['schema']>): NonNullable<CallPlan['schema']> {
  // Its own `~standard` is read where a request can fail for it, and not before.
  const validate = prompt('the schema', (value: unknown) => schema['~standard'].validate(value))
  return { '~standard': { version: 1, vendor: 'parallel-requests', validate } }
}

export function promptCredentials(credentials: Credentials | undefined): Credentials | undefined {
  return typeof credentials === 'function' ? prompt('auth', credentials) : credentials
}
