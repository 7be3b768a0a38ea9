/** Our own transport, which records when each attempt left the gate: that is where a rate is promised. */
import { systemClock } from '../../src/client/system-clock.ts'
import { resultOf } from '../../src/core/awaited.ts'
import { attemptOf } from '../../src/core/wire-attempt.ts'
import type { Transport } from '../../src/index.ts'
import { ownTransport } from '../../src/transport/transport.ts'

export interface StampedTransport extends Transport {
  /** When the gate booked each attempt, by `performance.now()`. Clear it between runs. */
  readonly startsMs: number[]
}

export function stampedTransport(): StampedTransport {
  const wire = ownTransport({ tls: { verify: true }, blockPrivateAddresses: false }, systemClock)
  const startsMs: number[] = []
  return {
    startsMs,
    send(attempt) {
      const whole = attemptOf(attempt)
      startsMs.push(whole.startedAtMs)
      return resultOf(wire.send, whole)
    },
    close: () => wire.close(),
  }
}
