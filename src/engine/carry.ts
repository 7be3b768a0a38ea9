/**
 * One Call to its one outcome, whatever goes wrong on the way. Chained, not awaited, like the layers below.
 */
import type { EngineParts } from './ports.ts'
import type { Call } from '../core/call.ts'
import { isThenable, reasonOf } from '../core/callback.ts'
import type { Outcome } from '../core/outcome.ts'
import { fault } from '../core/result.ts'
import type { Result } from '../core/result.ts'

type CarryParts = Pick<EngineParts, 'send' | 'settle'>

/** @param done is called once, and not before this returns */
export function carry(call: Call, parts: CarryParts, done: (outcome: Outcome) => void): void {
  const broke = (cause: unknown): void => void settleBroken(call, parts, cause, done)
  const settle = (result: Result): void => {
    let settled
    try {
      settled = parts.settle(call, result)
    } catch (error) {
      return broke(error)
    }
    // What `done` throws is not this request's failure.
    if (isThenable(settled)) void settled.then(done, broke)
    else done(settled)
  }
  try {
    void parts.send(call).then(settle, broke)
  } catch (error) {
    broke(error)
  }
}

/** Our own bug, or a caller's getter: one request's failure, never the batch's. */
async function settleBroken(
  call: Call,
  { settle }: CarryParts,
  cause: unknown,
  done: (outcome: Outcome) => void,
): Promise<void> {
  done(await settle(call, fault('internal/unknown', `unexpected error: ${reasonOf(cause)}`, { sent: true, cause })))
}
