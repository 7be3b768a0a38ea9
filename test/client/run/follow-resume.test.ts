/** What follows from requests, in a run file: restored and not sent again. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ParallelRequests, parallelRequests } from '../../../src/index.ts'
import type { OkOutcome, Outcome } from '../../../src/index.ts'
import { echoServer } from '../../support/echo-server.ts'

const newRun = (): string => join(mkdtempSync(join(tmpdir(), 'follow-')), 'run.jsonl')

interface Numbers {
  readonly items: readonly number[]
  readonly next?: string
}

/** Pages of two numbers below ten: `/numbers?from=0`. */
async function numbers(change?: (from: number) => object | undefined) {
  return echoServer(({ url }, response) => {
    const from = Number(new URL(url, 'http://x').searchParams.get('from'))
    const next = from + 2 < 10 ? { next: `?from=${from + 2}` } : {}
    const { status = 200, headers = {} } = (change?.(from) ?? {}) as {
      status?: number
      headers?: Record<string, string>
    }
    response.writeHead(status, headers).end(JSON.stringify({ items: [from, from + 1], ...next }))
  })
}

const OPTIONS = {
  follow: ({ value }: OkOutcome<Numbers>) => value.next,
  items: (value: Numbers) => value.items,
}
const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

const linesOf = (path: string): Record<string, unknown>[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)

async function read(outcomes: AsyncIterable<Outcome>): Promise<Outcome[]> {
  const all: Outcome[] = []
  for await (const outcome of outcomes) all.push(outcome)
  return all
}

async function outcomesOf(urls: readonly (string | object)[], options: object): Promise<Outcome[]> {
  const client = new ParallelRequests()
  onTestFinished(() => client.close())
  return read(client.stream(urls as string[], { ...OPTIONS, ...options }))
}

describe('a resumed run', () => {
  test('restores the pages of the file and requests the others', async () => {
    const server = await numbers()
    const path = newRun()
    const options = { ...OPTIONS, resume: path }
    expect(await parallelRequests([`${server.url}/numbers?from=0`], options)).toEqual([ALL])
    const pages = linesOf(path).filter(({ ok }) => ok !== undefined)
    expect(pages.map(({ id, parent }) => [id, parent])).toEqual([
      ['#0', undefined],
      ['#0/1', '#0'],
      ['#0/2', '#0'],
      ['#0/3', '#0'],
      ['#0/4', '#0'],
    ])
    // The first three pages, as after a crash.
    writeFileSync(path, `${readFileSync(path, 'utf8').split('\n').slice(0, 5).join('\n')}\n`)
    const restored = await outcomesOf([`${server.url}/numbers?from=0`], { resume: path })
    expect(restored.map(({ id, source }) => `${id} ${source}`)).toEqual([
      '#0 run-file',
      '#0/1 run-file',
      '#0/2 run-file',
      '#0/3 network',
      '#0/4 network',
    ])
    expect(restored.flatMap(outcome => (outcome.ok ? outcome.items : []))).toEqual(ALL)
    expect(server.requests).toHaveLength(5 + 2)
    // A further run sends nothing.
    expect(await parallelRequests([`${server.url}/numbers?from=0`], options)).toEqual([ALL])
    expect(server.requests).toHaveLength(5 + 2)
  })

  test('recognises the pages of requests with keys, and other rows beside them', async () => {
    const server = await numbers()
    const path = newRun()
    const urls = ['a', 'b'].map(key => ({ url: `${server.url}/${key}?from=4`, key }))
    await outcomesOf(urls, { resume: path })
    expect(server.requests).toHaveLength(6)
    const again = await outcomesOf([{ url: `${server.url}/c?from=8`, key: 'c' }, ...urls.toReversed()], {
      resume: path,
    })
    expect(again.map(({ id, index, key, source }) => `${id} ${index} ${key} ${source}`).toSorted()).toEqual([
      'k:a 2 a run-file',
      'k:a/1 2 a run-file',
      'k:a/2 2 a run-file',
      'k:b 1 b run-file',
      'k:b/1 1 b run-file',
      'k:b/2 1 b run-file',
      'k:c 0 c network',
    ])
    expect(server.requests).toHaveLength(7)
  })

  test('does not miss the pages of the file in the input', async () => {
    const server = await numbers()
    const path = newRun()
    const urls = ['a', 'b'].map(key => ({ url: `${server.url}/${key}?from=4`, key }))
    await outcomesOf(urls, { resume: path })
    const client = new ParallelRequests()
    onTestFinished(() => client.close())
    // Without follow-ups, so no page is met.
    expect(await client.drain(urls, { resume: path })).toMatchObject({ restored: 2, gone: 0 })
  })

  test('sends a failed page again with retryFailed, and goes on from it', async () => {
    let isBroken = true
    const server = await numbers(from => (from === 4 && isBroken ? { status: 404 } : undefined))
    const path = newRun()
    const options = { ...OPTIONS, resume: path }
    const error: unknown = await parallelRequests(`${server.url}/?from=0`, options).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'http/404', items: [0, 1, 2, 3] })
    isBroken = false
    await expect(parallelRequests(`${server.url}/?from=0`, options)).rejects.toMatchObject({ code: 'http/404' })
    expect(server.requests).toHaveLength(3)
    expect(await parallelRequests(`${server.url}/?from=0`, { ...options, retryFailed: true })).toEqual(ALL)
    expect(server.requests).toHaveLength(3 + 3)
  })

  test('applies another follow to recorded pages without sending them', async () => {
    const server = await numbers()
    const path = newRun()
    const fail = (): never => {
      throw new Error('a mistake')
    }
    const failed = parallelRequests(`${server.url}/?from=8`, { ...OPTIONS, follow: fail, resume: path })
    await expect(failed).rejects.toMatchObject({ code: 'follow/callback', items: [8, 9] })
    expect(await parallelRequests(`${server.url}/?from=8`, { ...OPTIONS, resume: path })).toEqual([8, 9])
    expect(server.requests).toHaveLength(1)
  })

  test('finds the next page by a header of a recorded one', async () => {
    const server = await numbers(from => (from < 4 ? { headers: { 'x-next': `/?from=${from + 2}` } } : undefined))
    const path = newRun()
    const follow = ({ response }: Outcome): string | undefined => response?.headers.get('x-next') ?? undefined
    for (let run = 0; run < 2; run++) await outcomesOf([`${server.url}/?from=0`], { resume: path, follow })
    expect(server.requests).toHaveLength(3)
  })

  test('requests a page again if its link holds a secret, which is in no run file', async () => {
    const server = await numbers(from =>
      from < 4 ? { headers: { link: `</?from=${from + 2}&access_token=hush>; rel="next"` } } : undefined,
    )
    const path = newRun()
    const follow = ({ response }: Outcome): string | undefined =>
      /<([^>]+)>/.exec(response?.headers.get('link') ?? '')?.[1]
    for (let run = 0; run < 2; run++) await outcomesOf([`${server.url}/?from=0`], { resume: path, follow })
    expect(readFileSync(path, 'utf8')).not.toContain('hush')
    const asked = server.requests.map(({ url }) => url)
    expect(asked[1]).toContain('access_token=hush')
    expect(asked.slice(3)).toEqual(asked.slice(0, 2))
  })

  test('sends a page again that was an error with the status 200, and only with retryFailed', async () => {
    let isBusy = true
    const server = await echoServer(({ url }, response) => {
      const page = Number(new URL(url, 'http://x').searchParams.get('cursor') ?? 0)
      const isError = page === 1 && isBusy
      const next = page < 2 ? { next: page + 1 } : {}
      response.end(JSON.stringify(isError ? { error: 'busy' } : { items: [page], ...next }))
    })
    const path = newRun()
    const options = {
      paginate: { style: 'cursor', next: 'next', param: 'cursor' },
      items: 'items',
      resume: path,
    } as const
    const code = 'follow/errors'
    for (let run = 0; run < 2; run++) {
      // oxlint-disable-next-line no-await-in-loop -- one run after the other
      await expect(parallelRequests(server.url, options)).rejects.toMatchObject({ code, items: [0] })
    }
    expect(server.requests).toHaveLength(2)
    const lines = linesOf(path).filter(({ id }) => id === '#0/1')
    expect(lines.map(({ ok, error }) => [ok, (error as { code: string } | undefined)?.code])).toEqual([
      [true, undefined],
      [false, code],
    ])
    isBusy = false
    await expect(parallelRequests(server.url, options)).rejects.toMatchObject({ code })
    expect(await parallelRequests(server.url, { ...options, retryFailed: true })).toEqual([0, 1, 2])
    expect(server.requests).toHaveLength(4)
    expect(await parallelRequests(server.url, { ...options, retryFailed: true })).toEqual([0, 1, 2])
    expect(server.requests).toHaveLength(4)
  })

  test('reads a page that was refused with a corrected path, without sending it again', async () => {
    const server = await numbers()
    const path = newRun()
    const url = `${server.url}/?from=8`
    await expect(parallelRequests(url, { items: 'next_', resume: path, follow: () => undefined })).resolves.toEqual([])
    const wrong = parallelRequests(url, { items: 'items[0]', resume: path })
    await expect(wrong).rejects.toMatchObject({ code: 'follow/items' })
    expect(await parallelRequests(url, { items: 'items', resume: path })).toEqual([8, 9])
    expect(linesOf(path).findLast(({ id }) => id === '#0')).toMatchObject({ ok: true })
    expect(server.requests).toHaveLength(1)
  })

  test('takes a new cursor from a page that was sent again', async () => {
    const server = await echoServer(({ url }, response) => {
      const page = Number(new URL(url, 'http://x').searchParams.get('page') ?? 0)
      const link = `</?page=${page + 1}&access_token=hush${server.requests.length}>; rel="next"`
      response.writeHead(200, page < 2 ? { link } : {}).end(JSON.stringify([page]))
    })
    const path = newRun()
    for (let run = 0; run < 2; run++) {
      // oxlint-disable-next-line no-await-in-loop -- one run after the other
      expect(await parallelRequests(server.url, { paginate: 'link', items: '@', resume: path })).toEqual([0, 1, 2])
    }
    expect(readFileSync(path, 'utf8')).not.toContain('hush')
  })

  test('gives the same ids beside a style of pagination, however long an async follow takes', async () => {
    const server = await echoServer(({ url }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://x')
      const page = Number(searchParams.get('cursor') ?? 0)
      const next = pathname.startsWith('/list') && page < 3 ? { next: page + 1 } : {}
      response.end(JSON.stringify({ page, ...next }))
    })
    const path = newRun()
    const slow = async ({ value, request }: OkOutcome<unknown>): Promise<string[] | undefined> => {
      const { page } = value as { page: number }
      if (!request.url.includes('/list')) return undefined
      if (page === 0) await new Promise<void>(resolve => void setTimeout(resolve, 40))
      return [`/detail?of=${page}`]
    }
    const quick = ({ value, request }: OkOutcome<unknown>): string[] | undefined =>
      request.url.includes('/list') ? [`/detail?of=${(value as { page: number }).page}`] : undefined
    const urls = [1, 2, 3].map(n => `${server.url}/list/${n}`)
    const options = { paginate: { style: 'cursor', next: 'next', param: 'cursor' }, resume: path } as const
    const first = await parallelRequests(urls, { ...options, follow: slow })
    const sent = server.requests.length
    expect(await parallelRequests(urls, { ...options, follow: quick })).toEqual(first)
    expect(server.requests).toHaveLength(sent)
  })

  test('says of a page that its cursor may have expired', async () => {
    let isLate = false
    const server = await numbers(from => (from === 4 && isLate ? { status: 410 } : undefined))
    const path = newRun()
    await outcomesOf([`${server.url}/?from=0`], { resume: path })
    writeFileSync(path, `${readFileSync(path, 'utf8').split('\n').slice(0, 4).join('\n')}\n`)
    isLate = true
    const error: unknown = await parallelRequests(`${server.url}/?from=0`, { ...OPTIONS, resume: path }).catch(
      (caught: unknown) => caught,
    )
    expect(error).toMatchObject({ code: 'http/410', items: [0, 1, 2, 3] })
    expect(String(error)).toContain('its cursor comes from an earlier run and may have expired')
  })

  test('refuses a shorter input although its pages were more', async () => {
    const server = await numbers()
    const path = newRun()
    await outcomesOf([`${server.url}/a?from=8`, `${server.url}/b?from=8`], { resume: path })
    async function* one(): AsyncGenerator<string> {
      yield `${server.url}/a?from=8`
    }
    const client = new ParallelRequests()
    onTestFinished(() => client.close())
    await expect(read(client.stream(one(), { ...OPTIONS, resume: path }))).rejects.toThrow('a shorter one')
  })
})
