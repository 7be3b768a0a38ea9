/** Is the body of this response the one that was asked for? Decided at its head, before a byte of it is handed out. */
import type { Call } from './call.ts'
import { isFollowed } from './redirect.ts'
import { unverifiedFault } from './result.ts'
import type { Fault, Reply } from './result.ts'

/** True for a success; false for what only explains itself: an error, a redirect. */
export function isWanted(head: Reply, { plan }: Call): boolean | Fault {
  if (isFollowed(head.status, head.headers, plan)) return false
  // Nothing has changed: a body it has none, and what was saved before stays.
  if (head.status === 304) return false
  try {
    if (!plan.acceptStatus(head.status)) return false
  } catch {
    // The caller's function fails again where the outcome is made, and is reported there.
    return false
  }
  return plan.strictIntegrity && head.integrity === 'unverified' ? unverifiedFault(head) : true
}
