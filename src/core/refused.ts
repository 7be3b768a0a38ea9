/** Whether the status of a response is its answer, so that its body only explains it. */
import type { CallPlan } from './call.ts'
import { isFollowed } from './redirect.ts'
import type { Reply } from './result.ts'

/** How much is kept of the body of a refused response. */
export const KEPT_BYTES = 65_536

/** Whether `acceptStatus` refuses this status. False for a redirect that is followed, and where any status is a result. */
export function isRefused({ status, headers }: Pick<Reply, 'status' | 'headers'>, plan: CallPlan): boolean {
  if (plan.returnType === 'response' || isFollowed(status, headers, plan)) return false
  try {
    return !plan.acceptStatus(status)
  } catch {
    // The caller's function throws again when the outcome is made, and is reported there.
    return false
  }
}
