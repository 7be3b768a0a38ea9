/** `auth: { oauth }` against token endpoints over real sockets, good and bad ones. */
import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ParallelRequests, parallelRequests } from '../../src/index.ts'
import type { OAuthInput, Outcome, RequestError } from '../../src/index.ts'
import { httpProxy } from '../support/proxy-server.ts'
import { sendJson, tokenEndpoint } from '../support/token-endpoint.ts'
import { tokenServer } from '../support/token-server.ts'

const settle = { onFailure: 'settle' } as const
const client = { clientId: 'my.client-1', clientSecret: 'a secret/with+signs' } as const

const bearer = (number: number, more: object = {}): object => ({
  access_token: `token-${number}`,
  token_type: 'Bearer',
  ...more,
})

const errorOf = (outcome: Outcome | undefined): RequestError => {
  if (outcome === undefined || outcome.ok) throw new Error('expected a failure')
  return outcome.error
}

describe('client credentials', () => {
  const encoded = `Basic ${btoa('my%2Eclient%2D1:a+secret%2Fwith%2Bsigns')}`
  const raw = `Basic ${btoa('my.client-1:a secret/with+signs')}`
  it.each([
    ['basic', encoded, {}],
    ['basic_raw', raw, {}],
    ['body', undefined, { client_id: client.clientId, client_secret: client.clientSecret }],
  ] as const)('as %s', async (clientAuth, authorization, fields) => {
    const server = await tokenServer('token-1')
    const endpoint = await tokenEndpoint((_asked, response, number) => sendJson(response, 200, bearer(number)))
    const oauth: OAuthInput = {
      ...client,
      tokenUrl: endpoint.url,
      scope: ['read', 'write'],
      params: { audience: 'x' },
      clientAuth,
    }
    await parallelRequests([`${server.url}/1`, `${server.url}/2`], { auth: { oauth } })
    expect(server.seen).toEqual(['Bearer token-1', 'Bearer token-1'])
    const form = { grant_type: 'client_credentials', scope: 'read write', audience: 'x', ...fields }
    expect(endpoint.asked).toEqual([{ authorization, form }])
  })

  it('are asked for once by 200 requests whose token has been revoked', async () => {
    const server = await tokenServer('token-1')
    const endpoint = await tokenEndpoint((_asked, response, number) => sendJson(response, 200, bearer(number)))
    const requests = new ParallelRequests({ auth: { oauth: { ...client, tokenUrl: endpoint.url } }, concurrency: 200 })
    onTestFinished(() => requests.close())
    await requests.request(`${server.url}/0`)
    server.valid.clear()
    server.valid.add('token-2')
    await requests.request(Array.from({ length: 200 }, (_, i) => ({ url: `${server.url}/${i}`, body: 'x' })))
    expect([endpoint.asked.length, endpoint.most, server.done.length]).toEqual([2, 1, 201])
  })
})

describe('a refresh token', () => {
  it('is replaced by a new one, and kept if the answer has none', async () => {
    const server = await tokenServer('token-1')
    const rotated = ['r2', undefined, 'r3']
    const endpoint = await tokenEndpoint((_asked, response, number) =>
      sendJson(response, 200, bearer(number, { refresh_token: rotated[number - 1] })),
    )
    const oauth = { tokenUrl: endpoint.url, clientId: 'public', refreshToken: 'r1' }
    const requests = new ParallelRequests({ auth: { oauth } })
    onTestFinished(() => requests.close())
    for (let round = 1; round <= 4; round++) {
      server.valid.clear()
      server.valid.add(`token-${round}`)
      await requests.request(`${server.url}/${round}`)
    }
    expect(endpoint.asked.map(({ form }) => form['refresh_token'])).toEqual(['r1', 'r2', 'r2', 'r3'])
    expect(endpoint.asked[0]?.form).toEqual({ grant_type: 'refresh_token', refresh_token: 'r1', client_id: 'public' })
  })
})

it.each([
  ['a number', 1.1],
  ['a text', '1.1'],
])('expires_in as %s says when the token is refreshed', async (_name, seconds) => {
  const server = await tokenServer('token-1', 'token-2')
  const endpoint = await tokenEndpoint((_asked, response, number) =>
    sendJson(response, 200, bearer(number, { expires_in: seconds })),
  )
  const requests = new ParallelRequests({ auth: { oauth: { ...client, tokenUrl: endpoint.url } } })
  onTestFinished(() => requests.close())
  await requests.request([`${server.url}/1`, `${server.url}/2`])
  await new Promise(resolve => setTimeout(resolve, 1_200))
  await requests.request(`${server.url}/3`)
  expect(server.seen).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2'])
})

describe('a token endpoint that', () => {
  const html = (response: ServerResponse, status: number): void =>
    void response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>')
  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    [
      'answers 400',
      response => sendJson(response, 400, { error: 'invalid_grant', error_description: 'r1-secret has expired' }),
      /answered 400, invalid_grant: \*\*\* has expired$/,
    ],
    [
      'answers 401 with a challenge',
      response =>
        sendJson(
          response,
          401,
          { error: 'invalid_client' },
          { 'www-authenticate': 'Basic realm="a secret/with+signs"' },
        ),
      /answered 401, invalid_client$/,
    ],
    [
      'answers 200 with an error',
      response => sendJson(response, 200, { error: 'slow_down' }),
      /answered 200, slow_down$/,
    ],
    ['answers HTML', response => html(response, 200), /answered 200, text\/html: <h1>Sign in<\/h1>/],
    ['answers HTML with 500', response => html(response, 500), /answered 500, text\/html: <h1>Sign in<\/h1>$/],
    ['answers 204', response => void response.writeHead(204).end(), /answered 204, no content type: an empty body$/],
    [
      'redirects',
      response => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      /answered 302, no content type: an empty body$/,
    ],
    [
      'answers without a token type',
      response => sendJson(response, 200, { access_token: 'token-secret' }),
      /answered 200, application\/json: \{"access_token":"\*\*\*"\} \(.*token_type/,
    ],
    ['answers nothing', () => undefined, /it took longer than 100ms$/],
    ['closes the connection', response => void response.destroy(), /\(reset\/before_headers\)$/],
  ])('%s fails the requests that wait with its words and without secrets', async (name, answer, message) => {
    const server = await tokenServer()
    const endpoint = await tokenEndpoint((_asked, response) => answer(response))
    const oauth = { ...client, tokenUrl: endpoint.url, refreshToken: 'r1-secret' }
    const urls = [`${server.url}/1`, `${server.url}/2`]
    // Short only where it is to pass.
    const timeouts = name === 'answers nothing' ? { callback: '100ms' } : {}
    const outcomes = await parallelRequests(urls, { ...settle, auth: { oauth }, timeouts })
    expect(outcomes.map(outcome => errorOf(outcome).code)).toEqual(['auth/refresh', 'auth/refresh'])
    expect(errorOf(outcomes[0]).message).toMatch(message)
    expect(inspect(outcomes, { depth: 20, showHidden: true })).not.toMatch(/secret/)
    expect(server.seen).toEqual([])
    expect(endpoint.asked).toHaveLength(1)
  })
})

it('the connection options of the client hold for the token endpoint, too', async () => {
  const server = await tokenServer('token-1')
  const endpoint = await tokenEndpoint((_asked, response, number) => sendJson(response, 200, bearer(number)))
  const auth = { oauth: { ...client, tokenUrl: endpoint.url } }
  const blocked = await parallelRequests(`${server.url}/1`, { ...settle, auth, blockPrivateAddresses: true })
  expect(errorOf(blocked).code).toBe('auth/refresh')
  expect(errorOf(blocked).message).toContain('(blocked/')
  const proxy = await httpProxy()
  await parallelRequests(`${server.url}/1`, { auth: { ...auth }, proxy: proxy.url })
  expect([...proxy.tunnels, ...proxy.forwards].length).toBeGreaterThanOrEqual(2)
  expect([...proxy.tunnels, ...proxy.forwards].join(' ')).toContain(new URL(endpoint.url).host)
})

it('limits, hooks and cookies of the client do not concern the token endpoint', async () => {
  const server = await tokenServer('token-1')
  const endpoint = await tokenEndpoint((_asked, response, number) =>
    sendJson(response, 200, bearer(number), { 'set-cookie': 'a=1' }),
  )
  const seen: string[] = []
  await parallelRequests([`${server.url}/1`], {
    auth: { oauth: { ...client, tokenUrl: endpoint.url } },
    concurrency: 1,
    hooks: { beforeRequest: ({ url }) => void seen.push(url), afterResponse: ({ url }) => void seen.push(url) },
  })
  expect(seen).toEqual([`${server.url}/1`, `${server.url}/1`])
})

describe('a token request that fails', () => {
  const HASTY = { backoff: { base: '5ms' } } as const
  const refreshing = { clientId: 'public', refreshToken: 'r1' } as const

  it.each<[string, typeof client | typeof refreshing, (response: ServerResponse) => void, asked: number]>([
    ['with 503', client, response => sendJson(response, 503, {}), 2],
    ['with 500', client, response => sendJson(response, 500, {}), 2],
    ['with a lost connection', client, response => response.destroy(), 2],
    ['with 503 to a refresh token', refreshing, response => sendJson(response, 503, {}), 2],
    ['with 429 to a refresh token', refreshing, response => sendJson(response, 429, {}), 2],
    ['with 400', client, response => sendJson(response, 400, { error: 'invalid_client' }), 1],
    ['with 500 to a refresh token, which may be used up', refreshing, response => sendJson(response, 500, {}), 1],
    ['with a lost connection after a refresh token', refreshing, response => response.destroy(), 1],
  ])('%s is sent again only if that can help', async (_name, who, fail, asked) => {
    const server = await tokenServer('token-2')
    const endpoint = await tokenEndpoint((_asked, response, number) => {
      if (number === 1) fail(response)
      else sendJson(response, 200, bearer(number))
    })
    const auth = { oauth: { ...who, tokenUrl: endpoint.url } }
    const [outcome] = await parallelRequests([`${server.url}/1`], { auth, retry: HASTY, ...settle })
    expect([endpoint.asked.length, outcome?.ok]).toEqual([asked, asked === 2])
  })

  it.each([
    [10, 4],
    [1, 2],
    [0, 1],
  ])('is sent again at most three times, and with maxRetries %d %d times in all', async (maxRetries, asked) => {
    const endpoint = await tokenEndpoint((_asked, response) => sendJson(response, 503, { error: 'busy' }))
    const auth = { oauth: { ...client, tokenUrl: endpoint.url } }
    const [outcome] = await parallelRequests(['http://127.0.0.1:9/'], { auth, maxRetries, retry: HASTY, ...settle })
    expect(errorOf(outcome).code).toBe('auth/refresh')
    expect(endpoint.asked.length).toBe(asked)
  })

  it('waits as long as the endpoint asks, but not for longer than 30 s', async () => {
    const endpoint = await tokenEndpoint((_asked, response, number) =>
      number === 1
        ? sendJson(response, 503, {}, { 'retry-after': '1' })
        : sendJson(response, 503, {}, { 'retry-after': '60' }),
    )
    const auth = { oauth: { ...client, tokenUrl: endpoint.url } }
    const startMs = performance.now()
    const [outcome] = await parallelRequests(['http://127.0.0.1:9/'], { auth, retry: HASTY, ...settle })
    expect(errorOf(outcome).message).toContain('answered 503')
    expect([endpoint.asked.length, performance.now() - startMs > 900]).toEqual([2, true])
  })
})
