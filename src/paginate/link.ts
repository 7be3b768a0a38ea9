/** The header `Link: <…>; rel="next"` (RFC 8288): GitHub, GitLab, Shopify, Okta. */
import { targetOf } from './link-header.ts'
import { NextUrls } from './next-url.ts'
import { END, refuse } from './style.ts'
import type { PageStep, Style } from './style.ts'

export const link: Style = () => {
  const urls = new NextUrls()
  return page => {
    const target = targetOf(page.headers.get('link'), 'next')
    if (target === undefined) return endOf(page.headers.get('link'))
    return urls.step(target, page, 'Link: rel="next"')
  }
}

/** A link of which a proxy or a server left out a character must not count as none. */
const SAYS_NEXT = /;\s*rel\s*=\s*"?next\b/i
const ANCHORED = /;\s*anchor\s*=/i

function endOf(field: string | undefined): PageStep {
  if (field === undefined || !SAYS_NEXT.test(field) || ANCHORED.test(field)) return END
  return refuse('next', 'the header Link says rel="next", but cannot be read')
}
