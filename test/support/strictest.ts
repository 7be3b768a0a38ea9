/** One reading of all the quotas of a response, for tests of what is read from headers. */
import type { Published, SeenQuota } from '../../src/policy/quota-headers.ts'

/** The most restrictive of what counts requests: the smallest remaining; of equals the later reset. */
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
