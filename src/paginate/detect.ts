/** What the first page of a root says about the next one: how `'auto'` chooses its style. */
import type { PageStyle, PageView, PaginatePlan } from '../core/pagination.ts'
import type { Fault } from '../core/result.ts'
import { digitsOf } from '../core/exact-json.ts'
import { listOf, wholeNumber } from './counts.ts'
import { isNothing, isRecord, memberAt } from './fields.ts'
import { nextOf } from './json-api.ts'
import { targetOf } from './link-header.ts'
import { NEXT_LINKS } from './odata.ts'
import type { Finder } from './paths.ts'
import { connectionsIn } from './relay.ts'
import { givenField } from './request-field.ts'
import { saysLast, saysMore } from './signs.ts'
import { refuse } from './style.ts'
import { LISTS, NEXT_CURSORS, NEXT_NUMBERS, NEXT_URLS, OFFSETS, PAGES, PAGE_PARAMS, TOTALS } from './well-known.ts'

export interface Detected {
  readonly kind: 'style'
  readonly style: Exclude<PageStyle, 'auto'>
  /** A sentence without its full stop. */
  readonly said: string
  readonly fields: Partial<PaginatePlan>
  readonly next?: Finder
  readonly total?: Finder
  /** Where the page repeats the number or offset that was asked for. */
  readonly echo?: string
}

export type Detection = Detected | { readonly kind: 'one-page'; readonly said: string } | Fault

const ONE_PAGE: Detection = { kind: 'one-page', said: 'no sign of further pages was found: one page' }

const at = (value: unknown, path: string): unknown => memberAt(value, ...path.split('.'))
const finder =
  (path: string): Finder =>
  value => ({ found: at(value, path) })

const standard = (style: Detected['style'], said: string): Detected => ({
  kind: 'style',
  style,
  said: `${said} (style '${style}')`,
  fields: {},
})

export function detect(page: PageView, hasItems: boolean): Detection {
  const { value } = page
  const found = standardOf(page)
  if (found !== undefined) return found
  if (saysLast(value)) return ONE_PAGE
  const list = itemsOf(page, hasItems)
  return (
    urlOf(value) ?? cursorOf(page) ?? lastIdOf(value) ?? pagesOf(page) ?? offsetOf(value, list) ?? leftOver(page, list)
  )
}

/** What a standard or a well-known product defines. */
function standardOf({ headers, value, body }: PageView): Detected | undefined {
  if (targetOf(headers.get('link'), 'next') !== undefined) return standard('link', 'the header Link has rel="next"')
  const names = NEXT_LINKS.find(each => !isNothing(memberAt(value, ...each)))
  if (names !== undefined) return standard('odata', `'${names.join('.')}' holds a URL`)
  const target = nextOf(value)
  if (typeof target === 'string' && target !== '') return standard('json-api', "'links.next' holds a URL")
  if (typeof memberAt(body, 'query') === 'string') {
    const [connection] = connectionsIn(memberAt(value, 'data'))
    if (connection !== undefined) return standard('relay', `'${connection.path}.pageInfo' is of a GraphQL connection`)
  }
  if (isRecord(memberAt(value, 'continue'))) return standard('mediawiki', "'continue' holds fields for the query")
  const isSearch = Array.isArray(memberAt(value, 'hits', 'hits')) && memberAt(body, 'sort') !== undefined
  return isSearch ? standard('elasticsearch', "'hits.hits' are the sorted hits of a search") : undefined
}

const URL_TEXT = /^(?:https?:\/\/|[/?])/i

function urlOf(value: unknown): Detected | undefined {
  const path = NEXT_URLS.find(each => {
    const text = at(value, each)
    return typeof text === 'string' && URL_TEXT.test(text)
  })
  if (path === undefined) return undefined
  return byCursor(path, undefined, `'${path}' holds a URL`)
}

const byCursor = (path: string, param: string | undefined, said: string): Detected => ({
  kind: 'style',
  style: 'cursor',
  said: `${said} (style 'cursor')`,
  fields: { next: path, param },
  next: finder(path),
})

function cursorOf({ value, body }: PageView): Detected | undefined {
  const cursor = NEXT_CURSORS.find(([path]) => isCursor(at(value, path), path, isRecord(body)))
  const number = NEXT_NUMBERS.find(([path]) => wholeNumber(at(value, path)) !== undefined)
  const [path, usual] = cursor ?? number ?? []
  if (path === undefined || usual === undefined) return undefined
  const param = ownParam(value, path) ?? usual
  return byCursor(path, param, `'${path}' holds ${cursor ? 'a cursor' : 'a page number'}, which is sent as '${param}'`)
}

/** Products that call the field of the request otherwise than most: Notion and Jira. */
function ownParam(value: unknown, path: string): string | undefined {
  if (path === 'next_cursor' && memberAt(value, 'object') === 'list') return 'start_cursor'
  return path === 'nextPageToken' && memberAt(value, 'isLast') === false ? 'nextPageToken' : undefined
}

function isCursor(value: unknown, path: string, inBody: boolean): boolean {
  // A number called offset is the place of this page; Airtable's is a text.
  if (path === 'offset') return typeof value === 'string' && value !== '' && wholeNumber(value) === undefined
  if (typeof value === 'string') return value !== ''
  return typeof value === 'number' || digitsOf(value) !== undefined || (inBody && isRecord(value))
}

/** Stripe: the id of the last item is the cursor. */
function lastIdOf(value: unknown): Detected | undefined {
  const id = lastId(value)
  if (memberAt(value, 'has_more') !== true || memberAt(value, 'object') !== 'list' || typeof id !== 'string')
    return undefined
  return {
    kind: 'style',
    style: 'cursor',
    said: "'has_more' is true; the id of the last item of 'data' is sent as 'starting_after' (style 'cursor')",
    fields: { next: 'data[-1].id', param: 'starting_after' },
    next: page => ({ found: lastId(page) }),
  }
}

function lastId(value: unknown): unknown {
  const data = memberAt(value, 'data')
  return Array.isArray(data) ? memberAt(data.at(-1), 'id') : undefined
}

function pagesOf({ value, requestUrl, body }: PageView): Detection | undefined {
  for (const [total, current] of PAGES) {
    const pages = wholeNumber(at(value, total))
    const number = wholeNumber(at(value, current))
    if (pages === undefined || number === undefined) continue
    const first = { url: requestUrl, body }
    const given = PAGE_PARAMS.find(name => givenField(first, name) !== undefined)
    const param = given ?? 'page'
    const base = number === 0 || wholeNumber(givenField(first, param)) === 0 ? 0 : 1
    if (number - base + 1 >= pages)
      return { kind: 'one-page', said: `'${current}' is the last of '${total}': one page` }
    const said = `'${total}' is the number of pages; the number of a page is sent as '${param}' (style 'page')`
    return { kind: 'style', style: 'page', said, fields: { param, total }, total: finder(total), echo: current }
  }
  return undefined
}

function offsetOf(value: unknown, list: readonly unknown[] | undefined): Detection | undefined {
  if (list === undefined) return undefined
  for (const [offset, total, param] of OFFSETS) {
    const start = wholeNumber(at(value, offset))
    const all = wholeNumber(at(value, total))
    if (start === undefined || all === undefined) continue
    if (start + list.length >= all) return { kind: 'one-page', said: `the page reaches '${total}': one page` }
    const said = `'${total}' is the number of items; the offset of a page is sent as '${param}' (style 'offset')`
    return { kind: 'style', style: 'offset', said, fields: { param, total }, total: finder(total), echo: offset }
  }
  return undefined
}

/** Nothing says how to go on. A page that is visibly not all is refused: a part of the items would pass for all of them. */
function leftOver(page: PageView, list: readonly unknown[] | undefined): Detection {
  const { value } = page
  const more = saysMore(value)
  if (more !== undefined) return unclear(`the first page says ${more}: true`)
  const hint = NEXT_URLS.find(
    path => ['string', 'number'].includes(typeof at(value, path)) && !isNothing(at(value, path)),
  )
  if (hint !== undefined) return unclear(`the first page has '${hint}', which is not a URL`)
  if (list === undefined) return ONE_PAGE
  const total = totalOf(page)
  if (total === undefined || total.count <= list.length) return ONE_PAGE
  return unclear(`the first page has ${list.length} of ${total.count} items (${total.where})`)
}

const unclear = (sign: string): Fault =>
  refuse('undetected', [
    `${sign}, but nothing says where the next page is. Name the style with `,
    { option: 'paginate' },
  ])

function totalOf({ value, headers }: PageView): { readonly count: number; readonly where: string } | undefined {
  for (const path of TOTALS) {
    const count = wholeNumber(at(value, path))
    if (count !== undefined) return { count, where: `'${path}'` }
  }
  for (const name of ['x-total-count', 'x-total']) {
    const count = wholeNumber(headers.get(name))
    if (count !== undefined) return { count, where: `the header ${name}` }
  }
  return undefined
}

/** The items by the caller's path; otherwise the page itself, its only list, or the list with a usual name. */
export function itemsOf(page: PageView, hasItems: boolean): readonly unknown[] | undefined {
  const known = listOf(page, hasItems)
  if (known !== undefined || !isRecord(page.value)) return known
  const hits = memberAt(page.value, 'hits', 'hits')
  if (Array.isArray(hits)) return hits
  const lists = Object.entries(page.value).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]))
  if (lists.length === 1) return lists[0]?.[1]
  return lists.find(([name]) => LISTS.includes(name))?.[1]
}
