/** The header `Link: <…>; rel="next"` (RFC 8288): GitHub, GitLab, Shopify, Okta. */
import { targetOf } from './link-header.ts'
import { NextUrls } from './next-url.ts'
import { END } from './style.ts'
import type { Style } from './style.ts'

export const link: Style = () => {
  const urls = new NextUrls()
  return page => {
    const target = targetOf(page.headers.get('link'), 'next')
    return target === undefined ? END : urls.step(target, page, 'Link: rel="next"')
  }
}
