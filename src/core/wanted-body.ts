/** Whether a response has the body that the caller wants. Decided at its head, before any of the body is delivered. */
import type { Call } from './call.ts'
import { isFollowed } from './redirect.ts'
import { unverifiedFault } from './result.ts'
import type { Fault, Reply } from './result.ts'

/** True for a success. False for an error or a redirect, whose body only explains it. */
export function isWanted(head: Reply, { plan }: Call): boolean | Fault {
  if (isFollowed(head.status, head.headers, plan)) return false
  // Not modified: it has no body, and the saved file stays.
  if (head.status === 304) return false
  try {
    if (!plan.acceptStatus(head.status)) return false
  } catch {
    // The caller's function throws again when the outcome is made, and is reported there.
    return false
  }
  return plan.strictIntegrity && head.integrity === 'unverified' ? unverifiedFault(head) : true
}
