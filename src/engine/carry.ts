/** Takes one Call to its one outcome, whatever fails on the way. */
import type { EngineParts } from './ports.ts'
import type { Call } from '../core/call.ts'
import { broken } from '../core/awaited.ts'
import { isThenable } from '../core/callback.ts'
import type { Outcome } from '../core/outcome.ts'
import type { Result } from '../core/result.ts'

type CarryParts = Pick<EngineParts, 'send' | 'settle'>

/** @param done is called once, perhaps before this returns */
export function carry(call: Call, parts: CarryParts, done: (outcome: Outcome) => void): void {
  let isSent = false
  const settle = (result: Result): void => {
    isSent = true
    let settled
    try {
      settled = parts.settle(call, result)
    } catch (error) {
      return void settleBroken(call, parts, error, done)
    }
    // An error that `done` throws does not belong to this request.
    if (isThenable(settled)) void settled.then(done, (error: unknown) => settleBroken(call, parts, error, done))
    else done(settled)
  }
  try {
    parts.send(call, settle)
  } catch (error) {
    if (isSent) throw error
    void settleBroken(call, parts, error, done)
  }
}

async function settleBroken(
  call: Call,
  { settle }: CarryParts,
  cause: unknown,
  done: (outcome: Outcome) => void,
): Promise<void> {
  done(await settle(call, broken(cause)))
}
