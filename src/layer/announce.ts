/**
 * Whoever records a run hears of a request before its first byte can go, and not before its turn has come: what still
 * waits has not been sent, and the record must not say that it may have been. Inside the gate for that reason.
 */
import type { AttemptLayer } from '../core/layer.ts'

export const announce: AttemptLayer = next => attempt => {
  const { announced } = attempt.call
  if (announced === undefined) return next(attempt)
  return announced().then(refused => refused ?? next(attempt))
}
