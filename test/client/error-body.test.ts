/** What a server says when it refuses a request: `error.body`, over real connections. */
import { gzipSync } from 'node:zlib'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  ParallelRequests,
  RequestError,
  isRequestError,
  parallelRequests,
  parallelRequestsSync,
} from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { csv, jsonLines, sqlite } from '../../src/sinks/index.ts'
import { freshFolder } from '../sinks/outcomes.ts'
import { rowsOf } from '../sinks/rows-of.ts'
import { echoServer } from '../support/echo-server.ts'
import { threadServer } from '../support/thread-server.ts'

const settled = { onFailure: 'settle', maxRetries: 0 } as const

describe('error.body', () => {
  it('is the decoded text of the refused response, in JSON too, and not where an error is printed', async () => {
    const server = await echoServer((_echo, response) => {
      response.writeHead(404, { 'content-encoding': 'gzip' }).end(gzipSync('{"error":"no such person"}'))
    })
    const { error } = await parallelRequests(server.url, settled)
    expect(error?.body).toBe('{"error":"no such person"}')
    expect(error?.toJSON()).toMatchObject({ code: 'http/404', body: '{"error":"no such person"}' })
    expect(inspect(error)).not.toContain('no such person')
  })

  it.each([
    [undefined, 2_048],
    ['1KiB', 1_024],
    [0, undefined],
    [Infinity, 65_536],
  ] as const)(
    'has with maxErrorBody %s at most %s bytes, and error.response the first 64 KiB',
    async (maxErrorBody, size) => {
      const server = await echoServer((_echo, response) => void response.writeHead(500).end('x'.repeat(100_000)))
      const { error } = await parallelRequests(server.url, { ...settled, maxErrorBody })
      expect(error?.body?.length).toBe(size)
      expect(error?.toJSON().bodyTruncated).toBe(size === undefined ? undefined : true)
      expect(error?.response?.body.length).toBe(65_536)
    },
  )

  it('is in the JSON of a batch for the first hundred failures only', async () => {
    const transport = mockTransport(() => ({ status: 404, text: 'no such person' }))
    const urls = Array.from({ length: 150 }, (_, n) => `http://a.test/${n}`)
    const error: unknown = await parallelRequests(urls, { transport }).catch((thrown: unknown) => thrown)
    const { errors } = JSON.parse(JSON.stringify(error)) as { errors: { body?: string }[] }
    expect([errors.length, errors.filter(({ body }) => body !== undefined).length]).toEqual([150, 100])
  })

  it('is absent if no response came', async () => {
    const server = await echoServer((_echo, _response, request) => request.socket.destroy())
    const { error } = await parallelRequests(server.url, settled)
    expect(isRequestError(error) && error.body).toBeUndefined()
  })
})

/** Says everything back that it was sent. */
const echoing = () =>
  echoServer(({ url, headers, body }, response) => {
    const said = JSON.stringify({ url, headers, sent: body })
    response.writeHead(400, { 'content-type': 'application/json' }).end(said)
  })

const SECRETS = {
  auth: { username: 'ann', password: 'CANARYpassword' },
  headers: { 'x-api-key': 'CANARYkey', cookie: 'sid=CANARYcookie' },
  params: { token: 'CANARYtoken', page: 7 },
  json: { password: 'CANARYbody', name: 'Ann' },
}

function expectSafe(error: RequestError | undefined): void {
  const shown = JSON.stringify([error, error?.body])
  expect(shown).toContain('page')
  expect(shown).toContain('Ann')
  expect(shown).not.toContain('CANARY')
  expect(shown).not.toContain(Buffer.from('ann:CANARY').toString('base64').slice(0, 8))
}

describe('a secret that a server echoes is not in error.body', () => {
  it('of an asynchronous call, with credentials, cookies and headers computed late', async () => {
    const server = await echoing()
    const { error } = await parallelRequests({ url: `${server.url}/?page=1`, ...SECRETS }, settled)
    expectSafe(error)
    const late = await parallelRequests(`${server.url}/Ann?page=1`, {
      ...settled,
      auth: () => 'Bearer CANARYlate',
      cookies: { session: 'CANARYjar' },
      hooks: { beforeRequest: ({ headers }) => headers.set('x-signature', 'CANARYsigned') },
    })
    expectSafe(late.error)
  })

  it('of a synchronous call', async () => {
    // In a thread of its own, because the call blocks this one.
    const server = await threadServer()
    const options = { ...settled, auth: () => 'Bearer CANARYlate', cookies: { session: 'CANARYjar' } }
    const { error } = parallelRequestsSync(`${server.url}/status?is=404&page=Ann`, options)
    await server.close()
    expectSafe(error)
  })

  it('of worker threads', async () => {
    const server = await echoing()
    await using client = new ParallelRequests({ workers: 1, maxRetries: 0, cookies: { session: 'CANARYjar' } })
    const [outcome] = await client.request([{ url: `${server.url}/?page=1`, ...SECRETS }], { onFailure: 'settle' })
    expectSafe(outcome?.error)
  })
})

describe('the message of an error', () => {
  it('quotes no secret that an invalid JSON body echoes', async () => {
    const server = await echoServer(
      ({ headers }, response) => void response.end(`you are ${headers.authorization}, Ann page`),
    )
    const { error } = await parallelRequests(server.url, { ...settled, auth: { bearer: 'CANARY0123456789' } })
    expect(error?.code).toBe('parse/json')
    expectSafe(error)
    expect(inspect(error, { depth: 5 })).not.toContain('CANARY')
  })

  it('quotes no secret of a reason phrase', async () => {
    const server = await echoServer((_echo, response) => void response.writeHead(401, 'no CANARY0123456789').end())
    const { error } = await parallelRequests(server.url, { ...settled, auth: { bearer: 'CANARY0123456789' } })
    expect(error?.message).toMatch(/401 no \*\*\*$/)
  })
})

describe('the sinks hold what the server said', () => {
  it('as error_body, with the final URL, the Location and named headers', async () => {
    const server = await echoServer(({ url }, response) => {
      if (url === '/a') response.writeHead(302, { location: '/b?token=CANARY' }).end()
      else
        response.writeHead(409, { etag: '"7"', location: 'http://u:CANARY@x.test/?key=CANARY' }).end('{"why":"taken"}')
    })
    const folder = freshFolder()
    const path = (name: string): string => join(folder, name)
    const responseHeaders = ['ETag']
    const sinks = [
      jsonLines(path('r.jsonl'), { responseHeaders }),
      csv(path('r.csv'), { columns: ['error', 'error_body', 'final_url', 'location'], responseHeaders }),
      sqlite(path('r.db'), { responseHeaders }),
    ]
    await using client = new ParallelRequests({ maxRetries: 0 })
    for (const sink of sinks) await client.drain([`${server.url}/a`], { sink })
    const finalUrl = `${server.url}/b?token=***`
    expect(JSON.parse(readFileSync(path('r.jsonl'), 'utf8'))).toMatchObject({
      error: { code: 'http/409', body: '{"why":"taken"}' },
      finalUrl,
      location: 'http://x.test/?key=***',
      headers: { etag: '"7"' },
    })
    expect(readFileSync(path('r.csv'), 'utf8')).toBe(
      `error,error_body,final_url,location,etag\nhttp/409,"{""why"":""taken""}",${finalUrl},http://x.test/?key=***,"""7"""\n`,
    )
    expect(rowsOf(path('r.db'))[0]).toMatchObject({
      error_body: '{"why":"taken"}',
      final_url: finalUrl,
      location: 'http://x.test/?key=***',
      etag: '"7"',
    })
  })
})
