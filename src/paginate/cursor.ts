/**
 * A cursor in the body: Stripe, Slack, Google, Notion and many others. `next` finds the cursor, and the request field
 * `param` takes it; or `next` finds the URL of the next page.
 */
import type { Fault } from '../core/result.ts'
import { cursorText, numberFault } from './cursor-value.ts'
import { isNothing, memberAt } from './fields.ts'
import { NextUrls } from './next-url.ts'
import { givenField, hasJsonBody, setField } from './request-field.ts'
import type { FirstRequest } from './request-field.ts'
import { Seen } from './seen.ts'
import { refusalIn, saysLast, saysMore } from './signs.ts'
import { END, next, refuse } from './style.ts'
import type { PageStep, PageView, Style } from './style.ts'

export const cursor: Style = ({ plan, next: find }) => {
  const urls = new NextUrls()
  const cursors = new Seen()
  const { param } = plan
  const where = typeof plan.next === 'string' ? `'${plan.next}'` : 'what next returns'
  let first: FirstRequest | undefined
  return page => {
    first ??= firstOf(page, param, cursors)
    const refusal = refusalIn(page.value)
    if (refusal !== undefined) return refusal
    if (saysLast(page.value)) return END
    const part = find?.(page.value) ?? { found: undefined }
    if (!('found' in part)) return part
    const { found } = part
    if (isNothing(found)) return endOf(page.value, where)
    if (param === undefined) return byUrl(found, page, urls, where)
    // A cursor in base64 may begin with a slash, so only a whole URL is taken for one.
    if (typeof found === 'string' && ABSOLUTE.test(found)) return urls.step(found, page, where)
    const key = keyOf(found, first, where)
    if (typeof key !== 'string') return key
    if (cursors.has(key))
      return refuse('loop', `the cursor at ${where} is one that was sent before: its pages would never end`)
    cursors.add(key)
    return next(setField(first, param, found))
  }
}

const ABSOLUTE = /^https?:\/\//i
const URL_LIKE = /^(?:[a-z][a-z\d+.-]*:|[/?])/i

/** The cursor that the caller's own request begins with counts as sent. */
function firstOf({ requestUrl, body }: PageView, param: string | undefined, cursors: Seen): FirstRequest {
  const first: FirstRequest = { url: requestUrl, body }
  const given = param === undefined ? undefined : givenField(first, param)
  const key = isNothing(given) ? undefined : keyOf(given, first, '')
  if (typeof key === 'string') cursors.add(key)
  return first
}

/** A JSON body may hold a cursor of any type; DynamoDB's is an object. */
function keyOf(found: unknown, first: FirstRequest, where: string): string | Fault {
  if (!hasJsonBody(first)) return cursorText(found, where)
  if (found === true) return refuse('next', `expected a cursor at ${where}, got a boolean`)
  return numberFault(found, where) ?? JSON.stringify(found)
}

/** More pages without a cursor: the path is wrong, and the root would end early without a word. */
function endOf(value: unknown, where: string): PageStep {
  const more = saysMore(value)
  return more === undefined ? END : refuse('next', `the page says ${more}: true, but has no cursor at ${where}`)
}

function byUrl(found: unknown, page: PageView, urls: NextUrls, where: string): PageStep {
  if (typeof found !== 'string' || URL_LIKE.test(found)) return urls.step(confluent(found, page.value), page, where)
  return refuse('param', [
    `there is a cursor at ${where}, but no field of the request that takes it. Give its name with `,
    { option: 'paginate.param' },
  ])
}

/**
 * Confluence gives `_links.next` without the path that its `_links.base` ends with: `/rest/api/content?start=5` below
 * `https://host/confluence`. Its second version gives the whole path.
 */
function confluent(found: unknown, value: unknown): unknown {
  const base = memberAt(value, '_links', 'base')
  if (typeof base !== 'string' || typeof found !== 'string' || memberAt(value, '_links', 'next') !== found) return found
  const path = URL.parse(base)?.pathname.replace(/\/$/, '')
  return path === undefined || !found.startsWith('/') || found.startsWith(`${path}/`) ? found : base + found
}
