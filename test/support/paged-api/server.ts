/** A local server that pages in one of the dialects. Everything that it was asked is kept, to see that nothing is asked twice. */
import { echoServer } from '../echo-server.ts'
import { Book } from './book.ts'
import type { PagedOptions } from './book.ts'
import { DIALECTS } from './dialects.ts'
import type { Answered, Asked, Dialect, DialectName } from './dialects.ts'

export interface PagedApi {
  readonly dialect: Dialect
  /** The URL of the first request. */
  readonly url: string
  /** The first request: a GET, or a POST with a JSON body. */
  readonly request: { readonly url: string; readonly method?: 'POST'; readonly json?: unknown }
  /** The number of each page (from 0) in the order in which it was asked for; -1 for a cursor that is not known. */
  readonly asked: readonly number[]
  /** What all items are when everything has been read. */
  numbers(): readonly number[]
}

/** Closed with the test. */
export async function pagedApi(name: DialectName, options: PagedOptions = {}): Promise<PagedApi> {
  const dialect: Dialect = DIALECTS[name]
  const book = new Book(options)
  const asked: number[] = []
  const held: (() => void)[] = []
  let { holdUntil = 0 } = options
  const server = await echoServer((echo, response) => {
    const origin = `http://${echo.headers['host']}`
    const request: Asked = {
      query: new URL(echo.url, origin).searchParams,
      body: echo.body === '' ? {} : (JSON.parse(echo.body) as Readonly<Record<string, unknown>>),
      origin,
    }
    const { status = 200, headers, value } = answerTo(request, dialect, book, asked)
    const send = (): void =>
      void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
    if (asked.length === 1) send()
    else if (held.push(send) >= holdUntil) {
      holdUntil = 0
      for (const each of held.splice(0)) each()
    }
  })
  const url = server.url + dialect.path
  return {
    dialect,
    url,
    request: dialect.body === undefined ? { url } : { url, method: 'POST', json: dialect.body },
    asked,
    numbers: () => Array.from({ length: book.total }, (_, n) => n),
  }
}

const EXPIRED: Answered = { status: 400, value: { error: 'invalid cursor' } }

function answerTo(request: Asked, dialect: Dialect, book: Book, asked: number[]): Answered {
  const size = book.sizeOf(dialect.size(request))
  const page = dialect.page(request, size)
  asked.push(page ?? -1)
  if (page === undefined) return dialect.expired ?? EXPIRED
  const trouble = book.trouble(page)
  if (trouble === 'failed') return { status: 503, value: { error: 'try again' } }
  if (trouble === 'expired') return dialect.expired ?? EXPIRED
  return dialect.answer(page, size, book, request)
}
