/** httpbin under gunicorn: an independent implementation of HTTP as the judge. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, clientOf, verdict } from '../support/ask.ts'
import { isMissing, start } from './component.ts'
import type { Component } from './component.ts'

interface Echo {
  readonly args: Record<string, string>
  readonly headers: Record<string, string>
  readonly form: Record<string, string | string[]>
  readonly json: unknown
  readonly data: string
  readonly url: string
}

describe.skipIf(isMissing('gunicorn'))('httpbin', () => {
  let httpbin: Component
  beforeAll(async () => {
    httpbin = await start({
      program: 'gunicorn',
      args: (folder, port) => [
        `--bind=127.0.0.1:${port}`,
        '--worker-class=gthread',
        '--threads=16',
        '--graceful-timeout=1',
        `--worker-tmp-dir=${folder}`,
        'httpbin:app',
      ],
    })
  })
  afterAll(() => httpbin?.[Symbol.asyncDispose]())
  const at = (path: string): string => httpbin.origin + path

  it('receives query, headers, JSON, form and bytes as they were given', async () => {
    await using client = clientOf()
    const got = (await client.request({
      url: at('/get?a=1'),
      params: { b: 'ü &' },
      headers: { 'x-mine': 'yes' },
    })) as Echo
    expect(got.args).toEqual({ a: '1', b: 'ü &' })
    expect(got.headers['X-Mine']).toBe('yes')
    expect(got.headers['User-Agent']).toMatch(/^parallel-requests\//)
    const json = { deep: [1, { two: 'ü' }] }
    expect(((await client.request({ url: at('/post'), json })) as Echo).json).toEqual(json)
    const form = { name: 'a b', tags: ['x', 'ü=&'] }
    expect(((await client.request({ url: at('/post'), form })) as Echo).form).toEqual(form)
    const put = (await client.request({ url: at('/put'), method: 'PUT', body: 'plain' })) as Echo
    expect(put.data).toBe('plain')
  })

  it.each(['gzip', 'deflate', 'brotli'])('delivers a body coded with %s', async coding => {
    const outcome = await ask(at(`/${coding}`))
    expect(JSON.parse(String(outcome.value))).toMatchObject({ method: 'GET' })
    expect(outcome.response?.headers.get('content-encoding')).toBe(coding === 'brotli' ? 'br' : coding)
  })

  it.each([
    ['/redirect/3', 3],
    ['/relative-redirect/4', 4],
    ['/absolute-redirect/2', 2],
  ])('is reached through the redirects of %s', async (path, hops) => {
    const outcome = await ask(at(path))
    expect([outcome.ok, outcome.response?.redirects, outcome.response?.url]).toEqual([true, hops, at('/get')])
  })

  it('has its redirects limited, refused or returned, as the options say', async () => {
    expect(await verdict({ url: at('/redirect/4'), maxRedirects: 3 })).toBe('redirect/too_many')
    expect(await verdict({ url: at('/redirect/1'), followRedirects: false })).toBe('http/302')
    const to = (status: number): string =>
      at(`/redirect-to?url=${encodeURIComponent('/anything')}&status_code=${status}`)
    await using client = clientOf()
    for (const status of [301, 302, 303, 307, 308]) {
      const echo = (await client.request({ url: to(status), method: 'POST', json: { a: 1 } })) as Echo & {
        method: string
      }
      const keeps = status >= 307
      expect([status, echo.method, echo.json]).toEqual([status, keeps ? 'POST' : 'GET', keeps ? { a: 1 } : null])
    }
  })

  it('accepts the right name and password, and refuses others', async () => {
    const auth = { username: 'user', password: 'pass:word' }
    const path = '/basic-auth/user/pass:word'
    expect(await verdict({ url: at(path), auth })).toBe('ok')
    expect(await verdict({ url: at(path), auth: { username: 'user', password: 'wrong' } })).toBe('http/401')
    expect(await verdict(at(path).replace('//', '//user:pass%3Aword@'))).toBe('ok')
    expect((await ask({ url: at('/bearer'), auth: { bearer: 'x1' } })).value).toContain('"token":"x1"')
    expect(await verdict(at('/bearer'))).toBe('http/401')
  })

  it('sets and deletes cookies that are sent back', async () => {
    await using client = clientOf()
    const cookies = async (path: string) => ((await client.request(at(path))) as { cookies: unknown }).cookies
    // The redirect itself sets them.
    expect(await cookies('/cookies/set?a=1&b=2')).toEqual({ a: '1', b: '2' })
    expect(await cookies('/cookies/delete?a')).toEqual({ b: '2' })
    client.resetCookies()
    expect(await cookies('/cookies')).toEqual({})
  })

  it('answers statuses that give the expected codes', async () => {
    await using client = clientOf({ maxRetries: 0 })
    const statuses = [200, 204, 400, 401, 403, 404, 409, 410, 418, 500, 502]
    const outcomes = await client.request(
      statuses.map(status => at(`/status/${status}`)),
      { onFailure: 'settle', returnType: 'text' },
    )
    for (const [n, { ok, error }] of outcomes.entries()) {
      const status = statuses[n] as number
      expect(ok ? 'ok' : error?.code).toBe(status < 300 ? 'ok' : `http/${status}`)
    }
  })

  it('delivers bytes, streams and drips completely, or within the time limits', async () => {
    await using client = clientOf()
    const bytes = await client.request(at('/bytes/50000?seed=7'), { returnType: 'content' })
    const again = await client.request(at('/stream-bytes/50000?seed=7&chunk_size=999'), { returnType: 'content' })
    expect(bytes.byteLength).toBe(50_000)
    expect(again.byteLength).toBe(50_000)
    const lines = await client.request(at('/stream/20'), { returnType: 'text' })
    expect(lines.trim().split('\n')).toHaveLength(20)
    expect((await client.request(at('/drip?duration=0.4&numbytes=8&delay=0'), { returnType: 'text' })).length).toBe(8)
    expect(await verdict({ url: at('/drip?duration=5&numbytes=5&delay=0'), timeout: '300ms' })).toBe('timeout/body')
    expect(await verdict({ url: at('/delay/5'), timeout: '300ms' })).toBe('timeout/headers')
  })

  it('handles UTF-8, range requests and validators', async () => {
    await using client = clientOf()
    const echo = (await client.request({ url: at('/anything'), json: '∮ E⋅da = Q' })) as Echo
    expect(echo.json).toBe('∮ E⋅da = Q')
    const part = await client.request({ url: at('/range/100'), headers: { range: 'bytes=10-19' } }, WHOLE)
    expect([part.status, part.text()]).toEqual([206, 'klmnopqrst'])
    const same = await client.request({ url: at('/etag/abc'), headers: { 'if-none-match': 'abc' } }, WHOLE)
    expect(same.status).toBe(304)
  })
})

const WHOLE = { returnType: 'response' } as const
