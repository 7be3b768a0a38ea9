/**
 * Which requests of a host a quota is for. Most are for all of them. Where a host has several (GitHub's `core` and
 * `search`, Discord's buckets), responses tell which one they counted for, and the first parts of the path tell it for
 * requests that are not sent yet.
 */
import type { Call } from '../core/call.ts'

/** Enough for the routes of an API; ids in the second part would fill any table. */
const MAX_PATHS = 1_000

export class QuotaPaths {
  isPartial: boolean
  /** Paths that turned out to count in it when nothing was left. Where each URL is a path of its own, all of them do. */
  strangers = 0
  readonly #paths = new Set<string>()

  constructor(isPartial: boolean) {
    this.isPartial = isPartial
  }

  /** Responses said that requests like this one count. */
  has(call: Call): boolean {
    return this.#paths.has(routeOf(call))
  }

  /** A response said that this request counted, and perhaps while nothing was left. */
  add(call: Call, isUsedUp: boolean): void {
    const path = routeOf(call)
    if (this.#paths.has(path)) return
    if (isUsedUp) this.strangers++
    if (this.#paths.size < MAX_PATHS) this.#paths.add(path)
  }
}

/** `/search` of `/search/issues?q=x`: requests with the same route count in the same quotas. */
export function routeOf({ path }: Call): string {
  const end = path.slice(1).search(/[/?#]/)
  return end === -1 ? path : path.slice(0, end + 1)
}
