/** The caller's functions, wrapped for a sync call: a function that returns a promise fails. */
import { mapAsked } from '../../config/crossing.ts'
import type { CallPlan, Credentials } from '../../core/call.ts'
import { isThenable } from '../../core/callback.ts'

/** Thrown instead of the promise; becomes `callback/async`. */
export class AsyncAnswer extends Error {
  constructor(subject: string) {
    super(
      `${subject}, and parallelRequestsSync cannot wait for it: the calling thread is blocked. Make it synchronous, or await parallelRequests`,
    )
  }
}

/** The function, which throws when its answer is a promise. */
export function prompt<A extends readonly unknown[], T>(name: string, run: (...args: A) => T): (...args: A) => T {
  return (...args) => {
    const answer = run(...args)
    if (!isThenable(answer)) return answer
    // The promise is not used any more, and its rejection must not end the process.
    answer.then(undefined, () => undefined)
    throw new AsyncAnswer(`${name} returned a promise`)
  }
}

/** A plan with all of its functions wrapped: they run on this thread, for this thread or for the worker. */
export function promptPlan(plan: CallPlan): CallPlan {
  const { schema, parseFunc } = plan
  return {
    ...mapAsked('call', plan, prompt),
    schema: schema && promptSchema(schema),
    parseFunc: parseFunc && prompt('parseFunc', parseFunc),
  }
}

function promptSchema(schema: NonNullable<CallPlan['schema']>): NonNullable<CallPlan['schema']> {
  // `~standard` is read later, where its error fails only one request.
  const validate = prompt('the schema', (value: unknown) => schema['~standard'].validate(value))
  return { '~standard': { version: 1, vendor: 'parallel-requests', validate } }
}

export function promptCredentials(credentials: Credentials | undefined): Credentials | undefined {
  return typeof credentials === 'function' ? prompt('auth', credentials) : credentials
}
