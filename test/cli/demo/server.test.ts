import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { catalogue, fullName } from '../../../src/cli/demo/catalogue.ts'
import type { Mood } from '../../../src/cli/demo/moods.ts'
import { startApi } from '../../../src/cli/demo/server.ts'

const repositories = catalogue(3)
const [first, second, third] = repositories.map(repository => `repos/${fullName(repository)}`)
const prompt: Mood = { kind: 'prompt', delayMs: 0 }

async function api(moods: readonly Mood[] = [prompt, prompt, prompt], quota = 100) {
  const started = await startApi({ repositories, moods, quota })
  onTestFinished(() => started.close())
  const get = (path = '', init?: RequestInit) => fetch(started.baseUrl + path, init)
  return { ...started, get, close: () => started.close() }
}

test('GET /repos of the demo API lists every name, and each name leads to its record', async () => {
  const { get } = await api()
  expect(await (await get('repos')).json()).toEqual(repositories.map(fullName))
  const response = await get(second)
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(await response.json()).toEqual(repositories[1])
})

test('the demo API answers other paths with 404 and other methods with 405', async () => {
  const { get } = await api()
  expect((await get('repos/nobody/nothing')).status).toBe(404)
  expect((await get('repos', { method: 'POST' })).status).toBe(405)
})

test('the demo API lists its routes, pages the records with a Link, and returns the JSON that it is sent', async () => {
  const { get, baseUrl } = await api()
  expect(Object.keys((await (await get('')).json()) as object)).toContain('GET /repos')
  const page = await get('repos?page=1')
  expect(await page.json()).toEqual(repositories)
  expect(page.headers.get('link')).toBeNull()
  expect((await get('repos?page=2')).status).toBe(404)
  const echo = await fetch(`${baseUrl}echo`, { method: 'POST', body: '[1]' })
  expect(await echo.json()).toEqual({ sent: [1] })
  expect((await fetch(`${baseUrl}echo`, { method: 'POST', body: '[' })).status).toBe(400)
})

test('the demo API serves a shaky record after the planned number of failures', async () => {
  const { get } = await api([{ kind: 'shaky', delayMs: 0, failures: 2 }, prompt, prompt])
  const statuses = [await get(first), await get(first), await get(first), await get(first)].map(({ status }) => status)
  expect(statuses).toEqual([503, 503, 200, 200])
})

test('the demo API never serves some records: it answers 404, 500, or an HTML page', async () => {
  const { get } = await api([
    { kind: 'gone', delayMs: 0 },
    { kind: 'broken', delayMs: 0 },
    { kind: 'page', delayMs: 0 },
  ])
  for (let again = 0; again < 2; again++) {
    expect((await get(first)).status).toBe(404)
    expect((await get(second)).status).toBe(500)
    const page = await get(third)
    expect(page.status).toBe(200)
    expect(await page.text()).toMatch(/^<!doctype html>/)
  }
})

test('the demo API answers 429 with Retry-After: 1 above its quota, and serves again afterwards', async () => {
  const { get, seen } = await api([prompt, prompt, prompt], 2)
  const responses = [await get(first), await get(first), await get(first), await get(second)]
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 429, 429])
  expect(responses[2]?.headers.get('retry-after')).toBe('1')
  expect(seen).toMatchObject({ requests: 4, throttled: 2, mostAtOnce: 1 })
  await expect.poll(async () => (await get(second)).status, { timeout: 2_000, interval: 100 }).toBe(200)
})

test('the demo API delays a slow record, and close does not wait for it', async () => {
  const { get, close, seen } = await api([{ kind: 'slow', delayMs: 60_000 }, prompt, prompt])
  const slow = get(first).catch((error: unknown) => error)
  await expect.poll(() => seen.requests).toBe(1)
  expect((await get(second)).status).toBe(200)
  expect(seen.mostAtOnce).toBe(2)
  await close()
  expect(await slow).toBeInstanceOf(TypeError)
})

test('the demo API no longer counts a request as running after its client has disconnected', async () => {
  const { baseUrl, get, seen } = await api([{ kind: 'slow', delayMs: 60_000 }, prompt, prompt])
  const { port } = new URL(baseUrl)
  for (let caller = 1; caller <= 3; caller++) {
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(`GET /${first} HTTP/1.1\r\nhost: x\r\n\r\n`)
    await expect.poll(() => seen.requests).toBe(caller)
    const closed = new Promise(resolve => socket.once('close', resolve))
    socket.destroy()
    await closed
  }
  await expect.poll(async () => ((await get(second)).status === 200 ? seen.mostAtOnce : 0)).toBeLessThan(4)
})
