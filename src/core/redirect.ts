/** Which responses are redirects, and which of those are followed. */
import type { CallPlan } from './call.ts'
import { getHeader } from './headers.ts'
import type { HeaderList } from './headers.ts'

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export const isRedirect = (status: number): boolean => REDIRECTS.has(status)

/** Whether the redirect layer handles this response: it follows it or fails the request. Its body is not read. */
export function isFollowed(status: number, headers: HeaderList, plan: Pick<CallPlan, 'followRedirects'>): boolean {
  return plan.followRedirects && isRedirect(status) && (getHeader(headers, 'location') ?? '') !== ''
}
