/**
 * Connections that are closed after byte k of a request, or of its response, for every k.
 *
 * The server records every byte that it received, including those after k that arrived in the same segment. This is the
 * strict reading: a server that has read a complete request may have carried it out.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { HASTY, ask, clientOf, until, verdictOf } from '../support/ask.ts'
import { connectionsWithBytes, headerValues, wholeCopies } from '../support/ledger.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import type { RawServer, Script } from '../support/raw-server.ts'
import type { Outcome, RequestSpec } from '../../src/index.ts'
import { sized } from '../support/size.ts'

const HOWS = ['fin', 'rst'] as const
type How = (typeof HOWS)[number]
type Request = Omit<RequestSpec, 'url'>

const RETRIES = { maxRetries: 3, retry: HASTY }
const POST: Request = { method: 'POST', json: { account: 17, amount: 100 } }
/** Number of servers at once. */
const AT_ONCE = 48

/** A chunk of one byte: its length, its byte, and the ends of both. */
const FRAME = '1\r\nx\r\n'

/** Number of connections that are closed before the server answers normally. */
const CUTS = 2
const answer: Script = answering(connection => connection.reply('done'))

const cutAfter =
  (bytes: number, how: How): Script =>
  async connection => {
    await connection.expect(bytes)
    connection[how]()
  }

/** Collects all errors, so that a failure shows every k at once. */
async function forEvery(
  lengths: readonly number[],
  check: (length: number, how: How) => Promise<string | undefined>,
): Promise<string[]> {
  const wrong: string[] = []
  const todo = lengths.flatMap(length => HOWS.map(how => ({ length, how })))
  const worker = async (): Promise<void> => {
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const problem = await check(next.length, next.how)
      if (problem !== undefined) wrong.push(`${next.how} after ${next.length}: ${problem}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return wrong.toSorted()
}

/** The numbers from 0 to `most`; in `npm test` every seventh of them. */
const upTo = (most: number): number[] =>
  Array.from({ length: most + 1 }, (_, length) => length).filter(length => length % sized(1, 7) === 0)

const causeOf = ({ error }: Outcome): string => (error?.cause as { code?: string } | undefined)?.code ?? 'no cause'

const story = (outcome: Outcome, server: RawServer): string =>
  `${verdictOf(outcome)} (${causeOf(outcome)}), ${outcome.attempts} attempts, ${server.accepted} connections, ` +
  `${connectionsWithBytes(server)} with bytes, ${wholeCopies(server).length} whole, beginning with ` +
  JSON.stringify(server.connections.map(({ text }) => text.slice(0, 40)))

/**
 * Connections of the client under test. A server may get the port that another test file has just given up, and with it
 * a stray connection of that file.
 */
const acceptedFrom = (server: RawServer): number => {
  const isOurs = (text: string): boolean => /^(?:POST|PUT|GET|DELETE) \/orders /.test(text) || text.length < 14
  return server.accepted - server.connections.filter(({ text }) => !isOurs(text)).length
}

/** Number of bytes of such a request on the wire, head and body. */
async function lengthOf(request: Request): Promise<number> {
  await using server = await rawServer(answer)
  await ask({ url: `${server.origin}/orders`, ...request }, RETRIES)
  return server.connections[0]?.text.length ?? NaN
}

/** Sends one request to a server that closes the first connections after this many bytes. */
async function cut(
  request: Request,
  length: number,
  how: How,
  wrongWith: (outcome: Outcome, server: RawServer) => boolean,
): Promise<string | undefined> {
  await using server = await rawServer([...Array.from({ length: CUTS }, () => cutAfter(length, how)), answer])
  const outcome = await ask({ url: `${server.origin}/orders`, ...request }, RETRIES)
  return wrongWith(outcome, server) ? story(outcome, server) : undefined
}

/** At most one copy, and never an ok that hides a second one. */
function brokePromise(outcome: Outcome, server: RawServer): boolean {
  const copies = wholeCopies(server).length
  if (connectionsWithBytes(server) > 1 || copies > 1) return true
  return outcome.ok ? copies !== 1 : verdictOf(outcome) !== 'in_doubt/reset' || !causeOf(outcome).startsWith('reset/')
}

describe('a POST without a key whose connection is closed after byte k', () => {
  let length = 0
  beforeAll(async () => {
    length = await lengthOf(POST)
  })

  it('reaches the server at most once and ends in doubt, for every k', async () => {
    expect(length).toBeGreaterThan(150)
    const wrong = await forEvery(upTo(length), (k, how) =>
      cut(POST, k, how, (outcome, server) => {
        if (k > 0 && (outcome.ok || outcome.attempts !== 1 || server.accepted !== 1)) return true
        return brokePromise(outcome, server)
      }),
    )
    expect(wrong).toEqual([])
  })

  it('reaches the server at most once while its body is being sent, for every k of the body', async () => {
    const wrong = await forEvery(upTo(20 * FRAME.length).slice(1), async (k, how) => {
      await using server = await rawServer([
        async connection => {
          await connection.expect('transfer-encoding: chunked\r\n\r\n')
          await connection.expect(k)
          connection[how]()
        },
        answer,
      ])
      const { promise: ended, resolve: end } = Promise.withResolvers<undefined>()
      // A byte is sent once the one before it has arrived, so nothing after the frame of byte k leaves the client.
      const body = async function* (): AsyncGenerator<string> {
        for (let sent = 1; sent <= Math.ceil(k / FRAME.length); sent++) {
          yield 'x'
          await until(() => server.connections[0]?.text.endsWith(`chunked\r\n\r\n${FRAME.repeat(sent)}`) === true)
        }
        await ended
      }
      const outcome = await ask({ url: `${server.origin}/orders`, method: 'POST', body }, RETRIES)
      end(undefined)
      const isRight = verdictOf(outcome) === 'in_doubt/reset' && causeOf(outcome) === 'reset/request_body'
      const isBegunOnce = server.accepted === 1 && outcome.attempts === 1 && wholeCopies(server).length === 0
      return isRight && isBegunOnce ? undefined : story(outcome, server)
    })
    expect(wrong).toEqual([])
  })

  it('is not sent again over another connection when a kept one is closed, for every k', async () => {
    const wrong = await forEvery(upTo(length), async (k, how) => {
      await using server = await rawServer([
        async connection => {
          await connection.request()
          await connection.reply('warm')
          await connection.expect(k)
          connection[how]()
        },
        answer,
      ])
      await using client = clientOf(RETRIES)
      await client.request(server.origin, { returnType: 'text' })
      const spec: RequestSpec = { url: `${server.origin}/orders`, ...POST }
      const outcome: Outcome = await client.request(spec, { onFailure: 'settle', returnType: 'text' })
      const posts = headerValues(server, 'content-length').length
      if (k > 0 && (outcome.ok || outcome.attempts !== 1 || server.accepted !== 1)) return story(outcome, server)
      // Closed before the request; the client may or may not have noticed in time.
      if (posts > 1 || (outcome.ok ? posts !== 1 : verdictOf(outcome) !== 'in_doubt/reset')) {
        return story(outcome, server)
      }
      return undefined
    })
    expect(wrong).toEqual([])
  })

  it.each(HOWS)('is sent over another connection if the %s of a kept one comes before its bytes go', async how => {
    await using server = await rawServer(answer)
    await using client = clientOf(RETRIES)
    await client.request(server.origin, { returnType: 'text' })
    // In the same turn.
    server.connections[0]?.[how]()
    const spec: RequestSpec = { url: `${server.origin}/orders`, ...POST }
    const outcome: Outcome = await client.request(spec, { onFailure: 'settle', returnType: 'text' })
    expect([verdictOf(outcome), outcome.attempts, server.accepted]).toEqual(['ok', 1, 2])
    expect(headerValues(server, 'content-length')).toHaveLength(1)
  })

  it.each(HOWS)('is in doubt without a second copy if its bytes cross the %s of a kept connection', async how => {
    await using server = await rawServer(answer)
    await using client = clientOf(RETRIES)
    await client.request(server.origin, { returnType: 'text' })
    // The server has not read the request when it closes, and the client cannot know that.
    server.connections[0]?.pause()
    const spec: RequestSpec = { url: `${server.origin}/orders`, ...POST }
    const asked: Promise<Outcome> = client.request(spec, { onFailure: 'settle', returnType: 'text' })
    await new Promise(resolve => setTimeout(resolve, 50))
    server.connections[0]?.[how]()
    const outcome = await asked
    expect(verdictOf(outcome)).toBe('in_doubt/reset')
    expect(outcome.attempts).toBe(1)
    expect(server.accepted).toBe(1)
  })
})

describe('a retryable request whose connection is closed after byte k', () => {
  it('is retried with the same key if it is a POST with a key, for every k', async () => {
    const keyed: Request = { ...POST, idempotencyKey: true }
    const length = await lengthOf(keyed)
    const wrong = await forEvery(upTo(length), (k, how) =>
      cut(keyed, k, how, (outcome, server) => {
        if (!outcome.ok || outcome.attempts !== CUTS + 1 || acceptedFrom(server) !== CUTS + 1) return true
        const keys = headerValues(server, 'idempotency-key')
        if (new Set(keys).size !== 1 || !/^[0-9a-f-]{36}$/.test(keys[0] ?? '')) return true
        // A connection that is closed at once need not have delivered anything.
        return k > 0 && (keys.length !== CUTS + 1 || new Set(wholeCopies(server).map(({ body }) => body)).size !== 1)
      }),
    )
    expect(wrong).toEqual([])
  })

  it.each<Request>([
    { method: 'PUT', json: { account: 17, amount: 100 } },
    { method: 'GET' },
    { ...POST, retry: { methods: ['POST'] } },
  ])('is retried until it is answered, for every k: %o', async request => {
    const length = await lengthOf(request)
    const wrong = await forEvery(upTo(length), (k, how) =>
      cut(
        request,
        k,
        how,
        (outcome, server) =>
          !outcome.ok || outcome.value !== 'done' || outcome.attempts !== CUTS + 1 || acceptedFrom(server) !== CUTS + 1,
      ),
    )
    expect(wrong).toEqual([])
  })

  it('is retried once, at no cost, if a kept connection turns out to be closed', async () => {
    for (const how of HOWS) {
      await using server = await rawServer(answer)
      await using client = clientOf({ maxRetries: 0 })
      await client.request(server.origin, { returnType: 'text' })
      server.connections[0]?.[how]()
      const outcome: Outcome = await client.request(server.origin, { onFailure: 'settle', returnType: 'text' })
      expect(verdictOf(outcome)).toBe('ok')
      expect(outcome.attempts).toBe(2)
    }
  })
})

describe('a POST whose response is truncated after byte k', () => {
  const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n'
  const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n'
  const ANSWER = `${HINTS}${HEAD}done`
  const headEnd = HINTS.length + HEAD.length

  it('is in doubt without a complete head, truncated with one, and reaches the server once, for every k', async () => {
    const wrong = await forEvery(upTo(ANSWER.length), async (k, how) => {
      await using server = await rawServer([cutAnswer(ANSWER.slice(0, k), how), answer])
      const outcome = await ask({ url: server.origin, ...POST }, RETRIES)
      const truncated = how === 'fin' ? 'truncated/length' : 'truncated/reset'
      const expected = k === ANSWER.length ? 'ok' : k >= headEnd ? truncated : 'in_doubt/reset'
      const isOnce = server.accepted === 1 && wholeCopies(server).length === 1 && outcome.attempts === 1
      const isCaused = expected !== 'in_doubt/reset' || causeOf(outcome).startsWith('reset/')
      return isOnce && isCaused && verdictOf(outcome) === expected ? undefined : story(outcome, server)
    })
    expect(wrong).toEqual([])
  })

  it('is retried if it has a key, for every k', async () => {
    const wrong = await forEvery(upTo(ANSWER.length - 1), async (k, how) => {
      await using server = await rawServer([cutAnswer(ANSWER.slice(0, k), how), answer])
      const outcome = await ask({ url: server.origin, ...POST, idempotencyKey: true }, RETRIES)
      const keys = headerValues(server, 'idempotency-key')
      const isTwice = wholeCopies(server).length === 2 && keys.length === 2 && keys[0] === keys[1]
      return isTwice && outcome.ok && outcome.value === 'done' ? undefined : story(outcome, server)
    })
    expect(wrong).toEqual([])
  })
})

describe('a POST that a server refuses', () => {
  const refusal = (status: string, headers = ''): Script =>
    answering((connection, { method }) =>
      method === 'POST' && connection.requests.length === 1
        ? connection.reply('later', { status, headers })
        : connection.reply('done'),
    )

  it.each([
    ['429 Too Many Requests', ''],
    ['429 Too Many Requests', 'Retry-After: 0\r\n'],
    ['503 Service Unavailable', 'Retry-After: 0\r\n'],
  ])('is sent again, complete, after %s %j', async (status, headers) => {
    await using server = await rawServer(refusal(status, headers))
    const outcome = await ask({ url: server.origin, ...POST }, RETRIES)
    expect(outcome.value).toBe('done')
    expect(new Set(wholeCopies(server).map(({ body }) => body))).toEqual(new Set([JSON.stringify(POST.json)]))
    expect(wholeCopies(server)).toHaveLength(2)
  })

  it.each(['500 Internal Server Error', '502 Bad Gateway', '503 Service Unavailable', '504 Gateway Timeout'])(
    'is not sent again after %s, which may mean that it was carried out',
    async status => {
      await using server = await rawServer(refusal(status))
      expect(verdictOf(await ask({ url: server.origin, ...POST }, RETRIES))).toBe(`http/${status.slice(0, 3)}`)
      expect(wholeCopies(server)).toHaveLength(1)
    },
  )

  it('is in doubt when its retry is cut, for every k: the refused copy and one more, but no third', async () => {
    const length = await lengthOf(POST)
    const wrong = await forEvery(upTo(length), async (k, how) => {
      await using server = await rawServer([
        async connection => {
          await connection.request()
          await connection.reply('', { status: '429 Too Many Requests', headers: 'Retry-After: 0\r\n' })
          await connection.expect(k)
          connection[how]()
        },
        answer,
      ])
      const outcome = await ask({ url: `${server.origin}/orders`, ...POST }, RETRIES)
      const copies = wholeCopies(server).length
      if (k > 0 && (outcome.ok || outcome.attempts !== 2 || server.accepted !== 1)) return story(outcome, server)
      // Closed after the refusal; the client may or may not have noticed before its retry.
      const isRight = outcome.ok ? copies === 2 : verdictOf(outcome) === 'in_doubt/reset' && copies <= 2
      return isRight ? undefined : story(outcome, server)
    })
    expect(wrong).toEqual([])
  })

  it('is not sent again if the refusal is truncated before its head is complete', async () => {
    const head = 'HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 5\r\n\r\n'
    const wrong = await forEvery(upTo(head.length - 1), async (k, how) => {
      await using server = await rawServer([cutAnswer(head.slice(0, k), how), answer])
      const outcome = await ask({ url: server.origin, ...POST }, RETRIES)
      const isOnce = wholeCopies(server).length === 1 && server.accepted === 1
      return isOnce && verdictOf(outcome) === 'in_doubt/reset' ? undefined : story(outcome, server)
    })
    expect(wrong).toEqual([])
  })
})

/** Reads a request, sends these bytes, and closes once the client has read them. */
function cutAnswer(bytes: string, how: How): Script {
  return async connection => {
    await connection.request()
    if (bytes !== '') await connection.send(bytes)
    // A reset overtakes bytes that the client has not read yet.
    await connection.wait(15)
    connection[how]()
  }
}
