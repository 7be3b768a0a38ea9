/** Pagination against local servers that page as well-known APIs do: every item once, and in order. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ParallelRequests, isRequestError } from '../../src/index.ts'
import type { Outcome } from '../../src/index.ts'
import { echoServer } from '../support/echo-server.ts'
import type { PagedOptions } from '../support/paged-api/book.ts'
import { DIALECTS } from '../support/paged-api/dialects.ts'
import type { Dialect, DialectName } from '../support/paged-api/dialects.ts'
import { pagedApi } from '../support/paged-api/server.ts'
import type { PagedApi } from '../support/paged-api/server.ts'

const NAMES = Object.keys(DIALECTS) as DialectName[]
const dialect = (name: DialectName): Dialect => DIALECTS[name]

function newClient(options: object = {}): ParallelRequests {
  const client = new ParallelRequests({ retry: { backoff: () => 0 }, ...options })
  onTestFinished(() => client.close())
  return client
}

interface Numbered {
  readonly n: number
}
const numbersOf = (items: readonly unknown[] | undefined): readonly number[] =>
  (items ?? []).map(item => (item as Numbered).n)

const optionsOf = ({ dialect: { paginate, items } }: PagedApi): object => ({ paginate, items })

async function requested(api: PagedApi, options: object = {}): Promise<readonly number[]> {
  const items = await newClient().request(api.request, { ...optionsOf(api), ...options })
  return numbersOf(items as readonly unknown[])
}

async function streamed(api: PagedApi, options: object = {}): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for await (const outcome of newClient().stream([api.request], { ...optionsOf(api), ...options }))
    outcomes.push(outcome)
  return outcomes
}

const failureOf = (work: Promise<unknown>): Promise<readonly [string, readonly number[]]> =>
  work.then(
    () => ['none', []] as const,
    (error: unknown) => {
      if (!isRequestError(error)) throw error
      return [error.code, numbersOf((error as { items?: readonly unknown[] }).items)] as const
    },
  )

describe('request() gives every item once and in order', () => {
  it.each(NAMES)('from %s', async name => {
    const api = await pagedApi(name, dialect(name).together ? { holdUntil: 2 } : {})
    expect(await requested(api)).toEqual(api.numbers())
    expect(new Set(api.asked).size).toBe(api.asked.length)
  })

  it.each(NAMES)('from %s, whose first and second page fail once', async name => {
    for (const page of [0, 1]) {
      // oxlint-disable-next-line no-await-in-loop -- one server after the other
      const api = await pagedApi(name, { fail: { page, times: 1 } })
      // oxlint-disable-next-line no-await-in-loop
      expect(await requested(api)).toEqual(api.numbers())
    }
  })

  it.each(NAMES.filter(name => dialect(name).names))('from %s, with an empty page in the middle', async name => {
    const api = await pagedApi(name, { emptyAt: 1 })
    expect(await requested(api)).toEqual(api.numbers())
  })

  it.each(NAMES.filter(name => dialect(name).names))('from %s, with an empty last page', async name => {
    const api = await pagedApi(name, { items: 20, emptyEnd: true })
    expect(await requested(api)).toEqual(api.numbers())
  })

  it.each(NAMES)('from %s, with maxItems', async name => {
    const api = await pagedApi(name)
    expect(await requested(api, { maxItems: 13 })).toEqual(api.numbers().slice(0, 13))
    expect(api.asked).toEqual([0, 1])
  })

  it.each(NAMES)('from %s, until an item', async name => {
    const api = await pagedApi(name)
    expect(await requested(api, { until: (item: Numbered) => item.n === 12 })).toEqual(api.numbers().slice(0, 12))
    expect(api.asked).toEqual([0, 1])
  })
})

describe('stream() gives one outcome per page', () => {
  it.each(NAMES)('from %s', async name => {
    const api = await pagedApi(name)
    const outcomes = await streamed(api, { order: 'input' })
    expect(outcomes.flatMap(outcome => numbersOf(outcome.ok ? outcome.items : []))).toEqual(api.numbers())
    expect(outcomes.map(({ id }) => id)).toEqual(outcomes.map((_, page) => (page === 0 ? '#0' : `#0/${page}`)))
    expect(outcomes.map(({ parent }) => parent)).toEqual(outcomes.map((_, page) => (page === 0 ? undefined : '#0')))
  })

  it.each(NAMES.filter(name => dialect(name).together))('from %s, in the order of arrival', async name => {
    const api = await pagedApi(name)
    const outcomes = await streamed(api)
    const numbers = outcomes.flatMap(outcome => numbersOf(outcome.ok ? outcome.items : []))
    expect(numbers.toSorted((a, b) => a - b)).toEqual(api.numbers())
  })
})

describe('a root fails, and its error has the items so far', () => {
  const failing = async (name: DialectName, options: PagedOptions): Promise<readonly [string, readonly number[]]> =>
    failureOf(requested(await pagedApi(name, options)))
  const TEN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

  it.each(NAMES.filter(name => dialect(name).expired))('if the cursor of %s has expired', async name => {
    const { status } = dialect(name).expired ?? {}
    expect(await failing(name, { expiredAt: 1 })).toEqual([
      status === undefined ? 'follow/errors' : `http/${status}`,
      TEN,
    ])
  })

  it.each(NAMES.filter(name => dialect(name).names))('if %s names a page as its own next one', async name => {
    const [code, items] = await failing(name, { repeatAt: 1 })
    expect(code).toBe('follow/loop')
    expect(items.slice(0, 10)).toEqual(TEN)
  })

  it.each(NAMES)('if a page of %s always fails', async name => {
    const [code, items] = await failing(name, { fail: { page: 1, times: Infinity } })
    expect(code).toBe('http/503')
    expect(items.slice(0, 10)).toEqual(TEN)
  })

  it.each(NAMES)('if %s has more pages than maxPages', async name => {
    const [code] = await failureOf(requested(await pagedApi(name), { maxPages: 2 }))
    expect(code).toBe('follow/too_many')
  })
})

describe('a run file', () => {
  const newRun = (): string => join(mkdtempSync(join(tmpdir(), 'pages-')), 'run.jsonl')

  it.each(NAMES)('restores the pages of %s, and only those that failed are requested again', async name => {
    const resume = newRun()
    const api = await pagedApi(name, { fail: { page: 1, times: 1 } })
    const [code] = await failureOf(requested(api, { resume, maxRetries: 0 }))
    expect(code).toBe('http/503')
    const before = api.asked.length
    expect(await requested(api, { resume, maxRetries: 0, retryFailed: true })).toEqual(api.numbers())
    expect(api.asked.slice(before)).not.toContain(0)
    expect(new Set(api.asked.slice(before)).size).toBe(api.asked.length - before)
  })

  it.each(NAMES)('that ends anywhere is continued: each page of %s is requested once', async name => {
    const api = await pagedApi(name)
    const whole = newRun()
    expect(await requested(api, { resume: whole })).toEqual(api.numbers())
    const lines = readFileSync(whole, 'utf8').split('\n')
    const pages = api.asked.length
    for (let kept = 1; kept < lines.length; kept++) {
      const resume = newRun()
      writeFileSync(resume, `${lines.slice(0, kept).join('\n')}\n`)
      const before = api.asked.length
      // oxlint-disable-next-line no-await-in-loop -- one run after the other
      expect(await requested(api, { resume })).toEqual(api.numbers())
      const restored = lines.slice(0, kept).filter(line => line.includes('"ok":true')).length
      expect(api.asked.length - before).toBe(pages - restored)
    }
  })

  it.each(NAMES.filter(name => dialect(name).expired))('names the page of %s whose cursor has expired', async name => {
    const resume = newRun()
    const api = await pagedApi(name, { fail: { page: 1, times: 1 }, expiredAt: 1 })
    await failureOf(requested(api, { resume, maxRetries: 0 }))
    const outcomes = await streamed(api, { resume, maxRetries: 0, retryFailed: true })
    expect(outcomes.map(({ id, ok, source }) => `${id} ${ok} ${source}`)).toEqual([
      '#0 true run-file',
      '#0/1 false network',
    ])
  })
})

describe('several roots', () => {
  const several = async (): Promise<{ apis: readonly PagedApi[]; specs: readonly object[] }> => {
    const names = ['stripe', 'notion', 'jira by offset', 'github'] as const
    const apis = await Promise.all(names.map((name, at) => pagedApi(name, { items: 25 + at })))
    return { apis, specs: apis.map(api => ({ ...api.request, ...optionsOf(api) })) }
  }

  it('have their items in lists of their own', async () => {
    const { apis, specs } = await several()
    const lists = (await newClient().request(specs as never[])) as readonly (readonly unknown[])[]
    expect(lists.map(numbersOf)).toEqual(apis.map(api => api.numbers()))
  })

  it('have their items in one list with flatten', async () => {
    const { apis, specs } = await several()
    const list = (await newClient().request(specs as never[], { flatten: true } as object)) as readonly unknown[]
    expect(numbersOf(list)).toEqual(apis.flatMap(api => api.numbers()))
  })
})

describe("paginate: 'auto'", () => {
  // A list without anything beside it does not say that there is more.
  it.each(NAMES.filter(name => name !== 'offset without a total'))('reads %s', async name => {
    const api = await pagedApi(name)
    const outcomes = await streamed(api, { paginate: 'auto', order: 'input' })
    expect(outcomes.flatMap(outcome => numbersOf(outcome.ok ? outcome.items : []))).toEqual(api.numbers())
    expect(outcomes[0]?.warnings.join()).toMatch(/\(style '[\w-]+'\)$/)
    expect(outcomes[1]?.warnings ?? []).toEqual([])
  })

  it('refuses a first page that is visibly not all', async () => {
    const server = await echoServer((_, response) => void response.end('{"total": 9, "rows": [{"n": 0}]}'))
    const client = newClient()
    const [code, items] = await failureOf(client.request(server.url, { paginate: 'auto', items: 'rows' } as object))
    expect([code, items]).toEqual(['follow/undetected', [0]])
  })
})
