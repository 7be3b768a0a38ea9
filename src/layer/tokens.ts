/**
 * Waits for a token before an attempt enters the gate, so that a refresh costs no slot, and a `refresh` that sends
 * requests with the same client finds free ones. What was admitted while a refresh began goes back and waits here.
 */
import type { Attempt } from '../core/attempt.ts'
import type { Call } from '../core/call.ts'
import type { AttemptLayer } from '../core/layer.ts'
import type { Clock } from '../core/ports.ts'
import { TOKENLESS, fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import type { Grant } from '../core/tokens.ts'

/** Outside of the gate. */
export function awaitToken(clock: Clock, grantFor: (call: Call) => Grant): AttemptLayer {
  return {
    before: attempt => {
      const { credentials, plan } = attempt.call
      if (typeof credentials !== 'object' || credentials.isReady(clock.now())) return undefined
      const grant = grantFor(attempt.call)
      const ready = credentials.ready({ clock, timeoutMs: plan.timeouts.dressingMs, grant })
      return ready instanceof Promise ? waiting(attempt, ready) : ready
    },
  }
}

/** Right below the gate. */
export function requireToken(clock: Clock): AttemptLayer {
  return {
    before: ({ call: { credentials } }) =>
      typeof credentials !== 'object' || credentials.isReady(clock.now())
        ? undefined
        : fault(TOKENLESS, 'waits for its token outside of the gate'),
    after: ({ call: { credentials }, trip }, result) => {
      if (typeof credentials === 'object' && result.kind === 'reply' && result.status < 400) {
        credentials.accept(trip.retry.tokenVersion)
      }
      return result
    },
  }
}

/** An abort or a deadline ends the wait of its request only. */
function waiting({ trip }: Attempt, ready: Promise<Fault | undefined>): Promise<Fault | undefined> {
  return new Promise(resolve => {
    let isOver = false
    const end = (failure: Fault | undefined): void => {
      if (isOver) return
      isOver = true
      trip.cancelSlot.free()
      resolve(failure)
    }
    trip.cancelSlot.hold('queue', end)
    void ready.then(end)
  })
}
