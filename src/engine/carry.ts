/** Takes one Call to its one outcome, whatever fails on the way. Chained, not awaited, like the layers below. */
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
    // An error that `done` throws does not belong to this request.
    if (isThenable(settled)) void settled.then(done, broke)
    else done(settled)
  }
  try {
    void parts.send(call).then(settle, broke)
  } catch (error) {
    broke(error)
  }
}

/** A bug of ours, or a getter of the caller that throws: it fails one request, never the batch. */
async function settleBroken(
  call: Call,
  { settle }: CarryParts,
  cause: unknown,
  done: (outcome: Outcome) => void,
): Promise<void> {
  done(await settle(call, fault('internal/unknown', `unexpected error: ${reasonOf(cause)}`, { sent: true, cause })))
}
