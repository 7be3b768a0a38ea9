/** The styles against local servers that page as well-known APIs do, over sockets and without the engine. */
import { describe, expect, it } from 'vitest'
import { readPaginate } from '../../src/config/paginate-input.ts'
import type { PaginatePlan } from '../../src/core/pagination.ts'
import { isFault } from '../../src/core/result.ts'
import { openPagination } from '../../src/paginate/open.ts'
import { sizeChange } from '../../src/paginate/size.ts'
import type { PagedOptions } from '../support/paged-api/book.ts'
import { DIALECTS } from '../support/paged-api/dialects.ts'
import type { Dialect, DialectName } from '../support/paged-api/dialects.ts'
import { pagedApi } from '../support/paged-api/server.ts'
import type { PagedApi } from '../support/paged-api/server.ts'
import { changed, planOf } from './pages.ts'
import type { SentRequest } from './pages.ts'

const NAMES = Object.keys(DIALECTS) as DialectName[]
const dialect = (name: DialectName): Dialect => DIALECTS[name]

interface Read {
  readonly numbers: readonly number[]
  /** The code of the first failure: `http/503`, or that of a fault. */
  readonly code: string | undefined
}

async function read(api: PagedApi, plan: PaginatePlan = planIn(api)): Promise<Read> {
  const { items } = api.dialect
  const opened = await openPagination(plan, items)
  const first: SentRequest = { url: new URL(api.url), body: api.request.json }
  const paginator = opened.start()
  const start = changed(first, sizeChange(plan, { url: api.url, body: first.body }) ?? {})
  const pages: (readonly { n: number }[])[] = []
  let made = 1
  let code: string | undefined
  const ask = async (number: number, { url, body }: SentRequest): Promise<void> => {
    const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const response = await fetch(url, body === undefined ? {} : json)
    const value: unknown = await response.json()
    if (!response.ok) {
      code ??= `http/${response.status}`
      return
    }
    const found = opened.itemsOf(value)
    if (isFault(found)) {
      code ??= found.code
      return
    }
    pages[number] = (found ?? []) as readonly { n: number }[]
    const view = {
      number,
      requestUrl: url.href,
      url: response.url,
      headers: { get: (name: string) => response.headers.get(name) ?? undefined },
      value,
      body,
      items: found,
    }
    const step = paginator.after(view)
    if (isFault(step)) code ??= step.code
    else if (step.kind === 'next') await ask(made++, changed(start, step.change))
    else if (step.kind === 'rest') await Promise.all([...step.changes].map(each => ask(made++, changed(start, each))))
  }
  await ask(0, start)
  return { numbers: pages.flatMap(page => page.map(({ n }) => n)), code }
}

function planIn({ dialect: { paginate } }: PagedApi): PaginatePlan {
  const plan = readPaginate(paginate, 'paginate', [])?.plan
  if (plan === undefined) throw new Error('the dialect has a plan that cannot be read')
  return plan
}

describe('every item is read once and in order', () => {
  it.each(NAMES)('from %s', async name => {
    const api = await pagedApi(name, dialect(name).together ? { holdUntil: 2 } : {})
    expect(await read(api)).toEqual({ numbers: api.numbers(), code: undefined })
    const pages = new Set(api.asked)
    expect(pages.size).toBe(api.asked.length)
  })

  it.each(NAMES)('from %s, with one page', async name => {
    const api = await pagedApi(name, { items: 3 })
    expect(await read(api)).toEqual({ numbers: [0, 1, 2], code: undefined })
  })

  it.each(NAMES)('from %s, with no items', async name => {
    expect(await read(await pagedApi(name, { items: 0 }))).toEqual({ numbers: [], code: undefined })
  })

  it.each(NAMES)('from %s, with a last page that is full', async name => {
    const api = await pagedApi(name, { items: 20 })
    expect(await read(api)).toEqual({ numbers: api.numbers(), code: undefined })
  })

  it.each(NAMES.filter(name => dialect(name).names))('from %s, with an empty last page', async name => {
    const api = await pagedApi(name, { items: 20, emptyEnd: true })
    expect(await read(api)).toEqual({ numbers: api.numbers(), code: undefined })
    expect(api.asked).toEqual([0, 1, 2])
  })

  it.each(NAMES.filter(name => dialect(name).names))('from %s, with an empty page in the middle', async name => {
    const api = await pagedApi(name, { emptyAt: 1 })
    expect(await read(api)).toEqual({ numbers: api.numbers(), code: undefined })
    expect(api.asked).toEqual([0, 1, 2, 3])
  })

  it.each(NAMES.filter(name => dialect(name).together))('from %s, with a total that grows', async name => {
    const api = await pagedApi(name, { grow: { page: 1, by: 17 } })
    const { numbers, code } = await read(api)
    expect(code).toBeUndefined()
    // A page that was answered before the items were added may be a short one; none is read twice.
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(numbers.slice(0, 25)).toEqual(api.numbers().slice(0, 25))
  })
})

describe('a root fails', () => {
  const failing = (name: DialectName, options: PagedOptions): Promise<Read> =>
    pagedApi(name, options).then(api => read(api))

  it.each(NAMES)('if a page of %s fails', async name => {
    const { code } = await failing(name, { fail: { page: 1, times: Infinity } })
    expect(code).toBe('http/503')
  })

  it.each(NAMES.filter(name => dialect(name).expired))('if the cursor of %s has expired', async name => {
    const { code, numbers } = await failing(name, { expiredAt: 1 })
    const { status } = dialect(name).expired ?? {}
    expect(code).toBe(status === undefined ? 'follow/errors' : `http/${status}`)
    expect(numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  const repeats = NAMES.filter(name => dialect(name).together === undefined && name !== 'offset without a total')
  it.each(repeats)('if %s names a page as its own next one', async name => {
    expect((await failing(name, { repeatAt: 1 })).code).toBe('follow/loop')
  })
})

describe('the style auto', () => {
  // A list without anything beside it does not say that there is more.
  const clear = NAMES.filter(name => name !== 'offset without a total')
  it.each(clear)('finds how to read %s', async name => {
    const api = await pagedApi(name)
    expect(await read(api, planOf({ style: 'auto' }))).toEqual({ numbers: api.numbers(), code: undefined })
  })
})
