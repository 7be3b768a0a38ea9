/** Which answers ask for another request. */
import type { CallPlan } from './call.ts'
import { getHeader } from './headers.ts'
import type { HeaderList } from './headers.ts'

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export const isRedirect = (status: number): boolean => REDIRECTS.has(status)

/** It is followed, or the request fails for where it leads: nobody reads its body. */
export function isFollowed(status: number, headers: HeaderList, plan: Pick<CallPlan, 'followRedirects'>): boolean {
  return plan.followRedirects && isRedirect(status) && (getHeader(headers, 'location') ?? '') !== ''
}
