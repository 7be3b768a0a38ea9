/** Reduces all quotas of a response to one, for tests of the header parsers. */
import type { Published, SeenQuota } from '../../src/policy/quota-headers.ts'

/** The most restrictive quota that counts requests: the smallest remaining count, and of equal ones the later reset. */
export function strictest(published: Published | undefined): SeenQuota | undefined {
  let found: SeenQuota | undefined
  for (const { remaining, resetMs, limit, windowMs, ofRequests } of published?.quotas ?? []) {
    if (remaining === undefined || !ofRequests) continue
    if (found === undefined || remaining < found.remaining) found = { remaining, resetMs, limit, windowMs }
    else if (remaining === found.remaining && (resetMs ?? -1) > (found.resetMs ?? -1)) {
      found = { remaining, resetMs, limit, windowMs }
    }
  }
  return found
}
