/**
 * Worker threads against servers in processes of their own, so that neither the server nor the test takes part of what is
 * measured: many requests, rates, time limits, aborts, and what keeps a process alive.
 */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { lookup } from 'node:dns/promises'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { breachMs } from '../../../bench/support/law.ts'
import { serve } from '../../../bench/support/measure.ts'
import { ParallelRequests } from '../../../src/index.ts'
import type { ClientOptions, Outcome } from '../../../src/index.ts'
import type { Transport } from '../../../src/index.ts'
import { networkDefaults, useNetwork } from '../../../src/client/threads/network.ts'
import { resultOf } from '../../../src/core/awaited.ts'
import { attemptOf } from '../../../src/core/wire-attempt.ts'
import { systemClock } from '../../../src/client/system-clock.ts'
import { threadedTransport } from '../../../src/client/threads/wire-threads.ts'
import { ownTransport } from '../../../src/transport/transport.ts'
import { echoServer } from '../../support/echo-server.ts'
import { answering, rawServer, tlsFixture } from '../../support/raw-server.ts'
import { expectFigure } from '../../support/figure.ts'

const COUNT = 20_000

let far: { url: string; close: () => void }

beforeAll(async () => {
  far = await serve(new URL('../../support/gauge-process.ts', import.meta.url))
})
afterAll(() => far.close())

interface Told {
  readonly mostAtOnce: number
  readonly aborted: number
  readonly arrivalsMs: readonly number[]
  readonly counts: Readonly<Record<string, number>>
}
const told = async (): Promise<Told> => (await (await fetch(`${far.url}/told`)).json()) as Told

const soon = { retry: { backoff: () => 1 } }

function clientWith(options: ClientOptions = {}): ParallelRequests {
  const client = new ParallelRequests({ workers: 2, ...options })
  onTestFinished(() => client.close())
  return client
}

describe('outcomes with worker threads', () => {
  it('may be whole responses, each with its own bytes', async () => {
    const urls = Array.from({ length: 200 }, (_, n) => `${far.url}/${n}`)
    const answers = await clientWith({ workers: 1, concurrency: 100 }).request(urls, { returnType: 'response' })
    for (const [n, answer] of answers.entries()) {
      expect(answer.json()).toMatchObject({ path: `/${n}` })
      expect(answer.bytes().buffer.byteLength).toBe(answer.bytes().byteLength)
    }
  })

  it('report how long the connection and the answer took', async () => {
    for await (const { timings } of clientWith().stream([`${far.url}/slow/30`])) {
      expect(timings.connect).toBeGreaterThan(0)
      expect(timings.firstByte).toBeGreaterThanOrEqual(25)
      expect(timings.body).toBeGreaterThanOrEqual(0)
      expect(timings.total).toBeGreaterThanOrEqual(timings.firstByte ?? Infinity)
    }
  })

  it('keep the warnings of earlier attempts', async () => {
    const client = clientWith({ retry: { backoff: () => 1, budget: { reserve: 0, ratio: 0 } } })
    for await (const { ok, warnings } of client.stream([`${far.url}/status/503`])) {
      expect(ok).toBe(false)
      expect(warnings).toEqual([expect.stringContaining('retry budget')])
    }
    const server = await echoServer((echo, response) => {
      if (echo.url !== '/hop') return void response.end('{}')
      response.writeHead(302, { location: '/there', 'set-cookie': `long=${'x'.repeat(5_000)}` }).end()
    })
    for (const workers of [0, 1]) {
      const outcome = await clientWith({ workers }).request(`${server.url}/hop`, { onFailure: 'settle' })
      expect(outcome).toMatchObject({ ok: true, warnings: [expect.stringContaining('was not kept')] })
    }
  })

  it("leave the caller's bytes in place, and send them again on a retry", async () => {
    const server = await echoServer((_echo, response) => {
      response.writeHead(server.requests.length === 1 ? 503 : 200).end('{}')
    })
    const whole = new TextEncoder().encode('..precious..')
    const body = whole.subarray(2, 10)
    await clientWith(soon).request({ url: server.url, method: 'PUT', body })
    expect(server.requests.map(request => request.body)).toEqual(['precious', 'precious'])
    expect(new TextDecoder().decode(whole)).toBe('..precious..')
  })

  it(`reach the right request: ${COUNT} requests over 2 threads, each with its own answer`, async () => {
    const client = clientWith({ concurrency: 100 })
    const requests = Array.from({ length: COUNT }, (_, n) => ({
      url: `${far.url}/${n}`,
      headers: { 'x-token': `t${n}` },
    }))
    const answers = await client.request<{ path: string; token: string }>(requests)
    const wrong = answers.filter(({ path, token }, n) => path !== `/${n}` || token !== `t${n}`)
    expect(answers).toHaveLength(COUNT)
    expect(wrong).toEqual([])
    expect((await told()).mostAtOnce).toBeLessThanOrEqual(100)
  })
})

describe('time limits with worker threads', () => {
  it('apply in each phase with the code of that phase', async () => {
    const silent = await rawServer(() => undefined, { cert: 'server' })
    onTestFinished(() => silent.close())
    const mute = await rawServer(() => undefined)
    onTestFinished(() => mute.close())
    const cases = [
      [{ timeouts: { connect: '300ms' } }, mute.origin.replace('http:', 'https:'), 'timeout/tls'],
      [{ timeouts: { headers: '300ms' } }, `${far.url}/hang`, 'timeout/headers'],
      [{ timeouts: { idle: '300ms' } }, `${far.url}/stall`, 'timeout/body'],
      [{ timeout: '300ms' }, `${far.url}/hang`, 'timeout/headers'],
      [{ timeouts: { total: '300ms' } }, `${far.url}/hang`, 'timeout/total'],
    ] as const
    const client = clientWith({ maxRetries: 0 })
    // A thread takes time to start.
    await client.request(far.url)
    for (const [options, url, code] of cases) {
      const startedAtMs = performance.now()
      await expect(client.request(url, options)).rejects.toMatchObject({ code })
      expectFigure(performance.now() - startedAtMs).toBeLessThan(700)
    }
  })
})

describe('an aborted request with worker threads', () => {
  it('settles within 100 ms and ends at the server, and a POST is in doubt', async () => {
    const client = clientWith()
    await client.request([`${far.url}/a`, `${far.url}/b`])
    // Requests of earlier tests may have arrived at `/hang` as well.
    const before = (await told()).counts['hang'] ?? 0
    const controller = new AbortController()
    const outcomes: Outcome[] = []
    const running = (async () => {
      const inputs = [`${far.url}/hang`, { url: `${far.url}/hang`, method: 'POST', json: {} }]
      for await (const outcome of client.stream(inputs as never, { signal: controller.signal })) outcomes.push(outcome)
    })().catch(() => undefined)
    await expect.poll(async () => (await told()).counts['hang']).toBe(before + 2)
    const startedAtMs = performance.now()
    controller.abort()
    await running
    expectFigure(performance.now() - startedAtMs).toBeLessThan(100)
    const codes = Object.fromEntries(outcomes.map(({ index, error }) => [index, error?.code]))
    expect(codes).toEqual({ 0: 'aborted/in_flight', 1: 'in_doubt/aborted' })
    let aborted = 0
    await expect.poll(async () => (aborted += (await told()).aborted)).toBe(2)
  })

  it('is in doubt if it is a POST whose connection was cut', async () => {
    const request = clientWith().request({ url: `${far.url}/cut`, method: 'POST', json: {} })
    await expect(request).rejects.toMatchObject({ code: expect.stringMatching(/^in_doubt\//) as string, attempts: 1 })
  })
})

describe('limits with worker threads', () => {
  it('of concurrency hold at the server, in total and per host', async () => {
    const urls = Array.from({ length: 300 }, (_, n) => `${far.url}/slow/5?${n}`)
    await told()
    await clientWith({ concurrency: 7 }).request(urls)
    expect((await told()).mostAtOnce).toBeLessThanOrEqual(7)
    await clientWith({ concurrency: 20, perHost: { concurrency: 3 } }).request(urls.slice(0, 60))
    expect((await told()).mostAtOnce).toBeLessThanOrEqual(3)
  })

  it.each<[string, ClientOptions]>([
    ['a rate', { rateLimit: '100/s' }],
    ['a rate per host', { perHost: { rateLimit: '100/s' } }],
    ['a budget', { budgets: { units: { limit: 100, interval: '1s', burst: 1 } }, cost: 1 }],
  ])('that are %s are exact at the gate, and at the server except for travel times', async (_name, options) => {
    const rates = [{ limit: 100, intervalMs: 1_000, burst: 1 }]
    const threads = threadedTransport(
      2,
      { tls: { verify: true }, blockPrivateAddresses: false },
      ownTransport({ tls: { verify: true }, blockPrivateAddresses: false }, systemClock),
    )
    onTestFinished(() => threads.close())
    const startsMs: number[] = []
    const transport: Transport = {
      send(attempt) {
        const whole = attemptOf(attempt)
        startsMs.push(whole.startedAtMs)
        return resultOf(threads.send, whole)
      },
      close: async () => undefined,
    }
    const client = clientWith({ concurrency: 20, ...options, workers: 0, transport })
    // So that the threads and their connections exist.
    await client.request([`${far.url}/slow/20`, `${far.url}/slow/20`])
    await told()
    startsMs.length = 0
    await client.request(Array.from({ length: 80 }, (_, n) => `${far.url}/${n}`))
    const { arrivalsMs } = await told()
    expect([startsMs.length, arrivalsMs.length]).toEqual([80, 80])
    expect(breachMs(startsMs, rates)).toBe(0)
    const lagsMs = arrivalsMs.map((arrivalMs, index) => arrivalMs - (startsMs[index] ?? NaN))
    expect(breachMs(arrivalsMs, rates)).toBeLessThanOrEqual(Math.max(...lagsMs) - Math.min(...lagsMs))
  })

  it('that are rates let requests start while the first ones of a new thread have no answer', async () => {
    const responses: ServerResponse[] = []
    const server = createServer((_request, response) => {
      if (responses.push(response) < 15) return
      for (const waiting of responses) waiting.end('{}')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const urls = Array.from({ length: 15 }, (_, n) => `${url}${n}`)
    await clientWith({ perHost: { rateLimit: '10/s' }, timeout: '10m', maxRetries: 0 }).request(urls)
    expect(responses).toHaveLength(15)
  })

  it('of a server are obeyed: a 429 with Retry-After pauses its host', async () => {
    const urls = Array.from({ length: 6 }, (_, n) => `${far.url}/busy/${n}`)
    await told()
    await clientWith({ concurrency: 1 }).request(urls)
    const { arrivalsMs } = await told()
    expect(arrivalsMs).toHaveLength(7)
    expectFigure((arrivalsMs[1] ?? 0) - (arrivalsMs[0] ?? 0)).toBeGreaterThanOrEqual(1_000)
  })
})

describe('hosts that swallow connections, with worker threads', () => {
  it('give their slots to others without waiting for their timeout', async () => {
    const dead = Array.from({ length: 6 }, (_, n) => `127.5.0.${n + 1}`)
    const holes = fork(new URL('../../../bench/support/black-holes.ts', import.meta.url), [dead.join(',')])
    onTestFinished(() => void holes.kill('SIGKILL'))
    const [url] = (await once(holes, 'message')) as [string]
    const live = fork(new URL('../../../bench/support/hosts-server.ts', import.meta.url), ['20'])
    onTestFinished(() => void live.kill())
    const [origin] = (await once(live, 'message')) as [string]
    const ofDead = dead.flatMap(host => Array.from({ length: 5 }, (_, n) => `http://${host}:${new URL(url).port}/${n}`))
    const ofLive = Array.from({ length: 60 }, (_, n) => `http://127.6.0.${(n % 20) + 1}:${new URL(origin).port}/${n}`)
    const client = clientWith({ concurrency: 10, timeout: '10m', timeouts: { connect: '10m' } })
    let left = ofLive.length
    const startedAtMs = performance.now()
    for await (const { ok } of client.stream([...ofDead, ...ofLive])) if (ok && --left === 0) break
    expect(left).toBe(0)
    expectFigure(performance.now() - startedAtMs).toBeLessThan(8_000)
  })
})

describe('worker threads', () => {
  it('keep the process alive while they have requests, and not when idle', async () => {
    const script = `
      const { ParallelRequests } = await import(${JSON.stringify(new URL('../../../src/index.ts', import.meta.url).href)})
      const client = new ParallelRequests({ workers: 2 })
      await client.request(['${far.url}/a', '${far.url}/b'])
      client.request('${far.url}/slow/300').then(({ path }) => console.log(path))`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'pipe' })
    onTestFinished(() => void child.kill())
    let out = ''
    let errors = ''
    child.stdout.on('data', chunk => (out += String(chunk)))
    child.stderr.on('data', chunk => (errors += String(chunk)))
    const startedAtMs = performance.now()
    const [status] = (await once(child, 'exit')) as [number]
    expect({ status, out, errors }).toEqual({ status: 0, out: '/slow/300\n', errors: '' })
    // The connections would be kept for four seconds.
    expectFigure(performance.now() - startedAtMs).toBeLessThan(3_500)
  })
})

const addresses = await lookup('localhost', { all: true })

describe('options with worker threads', () => {
  it('of TLS apply: a given CA is trusted, an unknown one is not, and verifySsl: false checks nothing', async () => {
    const server = await rawServer(
      answering(connection => connection.reply('{"secure":true}')),
      { cert: 'server' },
    )
    onTestFinished(() => server.close())
    const url = server.origin
    expect(await clientWith({ tls: { ca: tlsFixture('ca') } }).request(url)).toEqual({ secure: true })
    expect(await clientWith({ verifySsl: false }).request(url)).toEqual({ secure: true })
    await expect(clientWith({ maxRetries: 0 }).request(url)).rejects.toMatchObject({ code: 'tls/untrusted' })
  })

  it.skipIf(addresses.length < 2)('of the process apply: which address of a name comes first', async () => {
    const six = createServer((_request, response) => void response.end('6')).listen(0, '::1')
    await once(six, 'listening')
    const { port } = six.address() as AddressInfo
    const four = createServer((_request, response) => void response.end('4')).listen(port, '127.0.0.1')
    await once(four, 'listening')
    const before = networkDefaults()
    onTestFinished(() => {
      useNetwork(before)
      for (const server of [four, six]) {
        server.closeAllConnections()
        server.close()
      }
    })
    for (const [lookupOrder, answer] of [
      ['ipv4first', '4'],
      ['ipv6first', '6'],
    ] as const) {
      useNetwork({ ...before, lookupOrder, autoSelectFamily: false })
      const url = `http://localhost:${port}/`
      expect(await clientWith({ workers: 1 }).request(url, { returnType: 'text' })).toBe(answer)
    }
  })
})
