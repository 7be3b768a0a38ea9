/** JSON:API: `links.next`, a URL or an object with `href`; null or missing on the last page. */
import { isNothing, memberAt } from './fields.ts'
import { NextUrls } from './next-url.ts'
import { memberError, saysLast } from './signs.ts'
import { END } from './style.ts'
import type { Style } from './style.ts'

export const jsonApi: Style = () => {
  const urls = new NextUrls()
  return page => {
    // A document with errors has no data (JSON:API 1.1, Top Level).
    const error = memberError(page.value, 'errors')
    if (error !== undefined) return error
    const target = nextOf(page.value)
    return isNothing(target) || saysLast(page.value) ? END : urls.step(target, page, "'links.next'")
  }
}

export function nextOf(value: unknown): unknown {
  const target = memberAt(value, 'links', 'next')
  return memberAt(target, 'href') ?? target
}
