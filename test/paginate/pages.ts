/** Pages without a network: a server is a function, and the pages of a `rest` arrive in any order. */
import type { PageChange, PageStep, PageView, PaginatePlan, Path } from '../../src/core/pagination.ts'
import { isFault } from '../../src/core/result.ts'
import type { Fault } from '../../src/core/result.ts'
import { say } from '../../src/core/words.ts'
import { openPagination } from '../../src/paginate/open.ts'
import { sizeChange } from '../../src/paginate/size.ts'

export const START = 'https://api.test/items'

export function planOf(fields: Partial<PaginatePlan> & Pick<PaginatePlan, 'style'>): PaginatePlan {
  return { next: undefined, param: undefined, total: undefined, size: undefined, sizeParam: undefined, ...fields }
}

export interface SentRequest {
  readonly url: URL
  readonly body: unknown
}

export interface Answer {
  readonly value: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** The URL that answered, after redirects. */
  readonly url?: string
}

export type Server = (request: SentRequest) => Answer

export const viewOf = (value: unknown, fields: Partial<PageView> = {}): PageView => ({
  number: 0,
  requestUrl: START,
  url: START,
  headers: headersOf({}),
  value,
  body: undefined,
  items: undefined,
  ...fields,
})

export const headersOf = (headers: Readonly<Record<string, string>>): PageView['headers'] => ({
  get: name => headers[name.toLowerCase()],
})

/** A step in a few words: `end`, a URL, `?cursor=a`, a JSON body, `rest of 3: …`, or the code of a fault. */
export function told(step: PageStep): string {
  if (step.kind === 'end') return 'end'
  if (step.kind === 'next') return change(step.change)
  if (step.kind === 'rest') return `rest of ${step.count}: ${[...step.changes].map(change).join(' ')}`
  return step.code
}

function change({ url, query, json }: PageChange): string {
  if (url !== undefined) return url
  if (query !== undefined) return `?${new URLSearchParams(query as Record<string, string>).toString()}`
  return JSON.stringify(json)
}

export const messageOf = (step: PageStep): string => (isFault(step) ? say(step.message) : told(step))

export interface ReadPages {
  readonly items: readonly unknown[]
  /** Items by page, in their order. */
  readonly pages: readonly (readonly unknown[] | undefined)[]
  readonly requests: readonly SentRequest[]
  readonly fault: Fault | undefined
  readonly detected: string | undefined
}

interface Options {
  readonly items?: Path
  readonly url?: string
  readonly body?: unknown
  /** Which of so many requests under way is answered next; default: the first. */
  readonly pick?: (underWay: number) => number
  /** Stops a root that does not end. */
  readonly maxPages?: number
}

/** Reads one root as the engine does: changes are applied to the first request. */
export async function readPages(plan: PaginatePlan, server: Server, options: Options = {}): Promise<ReadPages> {
  const { items, url = START, body, pick = () => 0, maxPages = 10_000 } = options
  const opened = await openPagination(plan, items)
  const paginator = opened.start()
  const first = changed({ url: new URL(url), body }, sizeChange(plan, { url, body }) ?? {})
  const underWay: { readonly number: number; readonly request: SentRequest }[] = [{ number: 0, request: first }]
  const pages: (readonly unknown[] | undefined)[] = []
  const requests: SentRequest[] = []
  let made = 1
  let fault: Fault | undefined
  while (underWay.length > 0 && fault === undefined) {
    const [{ number, request }] = underWay.splice(pick(underWay.length), 1) as [(typeof underWay)[number]]
    requests.push(request)
    const answer = server(request)
    const found = opened.itemsOf(answer.value)
    if (isFault(found)) return { items: [], pages, requests, fault: found, detected: paginator.detected }
    pages[number] = found
    const step = paginator.after({
      number,
      requestUrl: request.url.href,
      url: answer.url ?? request.url.href,
      headers: headersOf(answer.headers ?? {}),
      value: answer.value,
      body: request.body,
      items: found,
    })
    if (isFault(step)) fault = step
    else if (step.kind === 'next') underWay.push({ number: made++, request: changed(first, step.change) })
    else if (step.kind === 'rest') {
      for (const each of step.changes) underWay.push({ number: made++, request: changed(first, each) })
    }
    if (made > maxPages) throw new Error(`more than ${maxPages} pages`)
  }
  return { items: pages.flatMap(page => page ?? []), pages, requests, fault, detected: paginator.detected }
}

export function changed({ url, body }: SentRequest, { url: given, query, json }: PageChange): SentRequest {
  const to = new URL(given ?? url)
  for (const [name, value] of Object.entries(given === undefined ? (query ?? {}) : {})) {
    if (value === null) to.searchParams.delete(name)
    else to.searchParams.set(name, value)
  }
  return { url: to, body: json === undefined ? body : structuredClone(json) }
}

/** The steps after each of these pages of one root, in a few words. */
export async function stepsOf(
  plan: PaginatePlan,
  views: readonly PageView[],
  items?: Path,
): Promise<readonly string[]> {
  const opened = await openPagination(plan, items)
  const paginator = opened.start()
  return views.map((view, number) => {
    const found = opened.itemsOf(view.value)
    if (isFault(found)) return found.code
    return told(paginator.after({ ...view, number, items: found }))
  })
}
