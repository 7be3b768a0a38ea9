/** Is the body of this response the one that was asked for? Decided at its head, before a byte of it is handed out. */
import type { Call } from '../core/call.ts'
import { getHeader } from '../core/headers.ts'
import { unverifiedFault } from '../core/result.ts'
import type { Fault, Reply } from '../core/result.ts'

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** True for a success; false for what only explains itself: an error, a redirect. */
export function isWanted(head: Reply, { plan }: Call): boolean | Fault {
  if (plan.followRedirects && REDIRECTS.has(head.status) && getHeader(head.headers, 'location') !== undefined)
    return false
  try {
    if (!plan.acceptStatus(head.status)) return false
  } catch {
    // The caller's function fails again where the outcome is made, and is reported there.
    return false
  }
  return plan.strictIntegrity && head.integrity === 'unverified' ? unverifiedFault(head) : true
}
