/** The URL of the next page, as a server gives it: checked, absolute, and not one that this root has asked before. */
import { CONTROL, printableUrl } from '../core/url.ts'
import { fault } from '../core/result.ts'
import { shapeOf } from './fields.ts'
import { Seen } from './seen.ts'
import { cut } from './signs.ts'
import { next, refuse } from './style.ts'
import type { PageStep, PageView } from './style.ts'

/** The URLs of one root. */
export class NextUrls {
  readonly #seen = new Seen()

  /**
   * The step to the page at `target`. Fragments are dropped, as in a redirect.
   * @param where where the target was found: `'links.next'`
   * @param base what relative targets are resolved against; default: the URL that answered
   */
  step(target: unknown, page: PageView, where: string, base = page.url): PageStep {
    this.#seen.add(page.requestUrl)
    this.#seen.add(page.url)
    if (typeof target !== 'string') return refuse('next', `expected a URL at ${where}, got ${shapeOf(target)}`)
    const url = CONTROL.test(target) ? null : URL.parse(target, base)
    // The codes of a redirect to such a place.
    if (url === null) {
      return fault('redirect/invalid', `the next page (${where}) has an invalid URL: ${cut(printableUrl(target))}`, {
        sent: true,
      })
    }
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      const message = `the next page (${where}) is at ${cut(url.protocol)}, which is not fetched`
      return fault('redirect/scheme', message, { sent: true })
    }
    url.hash = ''
    if (this.#seen.has(url.href)) {
      return refuse('loop', `the next page (${where}) is one that was read before: its pages would never end`)
    }
    this.#seen.add(url.href)
    return next({ url: url.href })
  }
}
