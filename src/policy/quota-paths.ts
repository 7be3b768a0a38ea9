/**
 * Which requests of a host count towards a quota. Most quotas cover all of them. Where a host has several (GitHub's
 * `core` and `search`, Discord's buckets), responses name the one they counted for. The first segment of the path
 * predicts it for requests that have not been sent yet.
 */
import type { Call } from '../core/call.ts'

/** Enough for the routes of an API. Bounds the table when the segment is an id. */
const MAX_PATHS = 1_000

export class QuotaPaths {
  isPartial: boolean
  /**
   * Number of routes that turned out to count here while the quota was exhausted. Where every URL is a route of its
   * own, all of them do.
   */
  strangers = 0
  readonly #paths = new Set<string>()

  constructor(isPartial: boolean) {
    this.isPartial = isPartial
  }

  /** Whether a response has shown that requests of this route count here. */
  has(call: Call): boolean {
    return this.#paths.has(routeOf(call))
  }

  /** A response showed that this request counted. `isUsedUp`: it was sent while the quota was exhausted. */
  add(call: Call, isUsedUp: boolean): void {
    const path = routeOf(call)
    if (this.#paths.has(path)) return
    if (isUsedUp) this.strangers++
    if (this.#paths.size < MAX_PATHS) this.#paths.add(path)
  }
}

/** `/search` of `/search/issues?q=x`. Requests with the same route are assumed to count in the same quotas. */
export function routeOf({ path }: Call): string {
  const end = path.slice(1).search(/[/?#]/)
  return end === -1 ? path : path.slice(0, end + 1)
}
