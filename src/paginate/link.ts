/** The header `Link: <…>; rel="next"` (RFC 8288): GitHub, GitLab, Shopify, Okta. */
import { targetOf } from './link-header.ts'
import { NextUrls } from './next-url.ts'
import { errorIn } from './signs.ts'
import { END } from './style.ts'
import type { Style } from './style.ts'

export const link: Style = ({ hasItems }) => {
  const urls = new NextUrls()
  return page => {
    const error = errorIn(page, hasItems)
    if (error !== undefined) return error
    const target = targetOf(page.headers.get('link'), 'next')
    return target === undefined ? END : urls.step(target, page, 'Link: rel="next"')
  }
}
