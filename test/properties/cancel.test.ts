/**
 * An abort at any moment settles every request at once, whatever it waits for: a slot, a DNS lookup that never ends, a
 * connection, a handshake, a tunnel, response headers, a body, a rate, the end of a pause, or the next retry.
 */
import { subscribe } from 'node:diagnostics_channel'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { expect, it } from 'vitest'
import type { Outcome, RequestSpec } from '../../src/index.ts'
import { clientOf } from '../support/ask.ts'
import { randomFrom, seed } from '../support/property.ts'
import { answerServer } from './answer-server.ts'
import type { AnswerPlan } from './answer-server.ts'
import { SEEDED, limitMs, runs } from './runs.ts'
import { expectFigure } from '../support/figure.ts'

const RUNS = runs(60)
/**
 * The promise is 100 ms. The bound is higher because a busy machine is late by itself. The measured time is printed.
 */
const WITHIN_MS = 250

const OK = 'HTTP/1.1 200 OK\r\n'
const text = (bytes: string, end: AnswerPlan['end'] = 'hold'): AnswerPlan => ({ bytes: Buffer.from(bytes), end })
const PLANS: Readonly<Record<string, AnswerPlan>> = {
  good: text(`${OK}Content-Length: 2\r\n\r\nok`),
  silent: text(''),
  head: text(`${OK}Content-Le`),
  body: text(`${OK}Content-Length: 99\r\n\r\nhalf`),
  cut: text(`${OK}Content-Length: 99\r\n\r\nhalf`, 'fin'),
  busy: text('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'),
  later: text('HTTP/1.1 429 Later\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n'),
}
const AT_SERVER = Object.keys(PLANS)
const KINDS = [...AT_SERVER, 'good', 'good', 'refused', 'handshake', 'tunnel', 'upload']

/** Connections that clients of this process have begun, and their writes. The server may see them later. */
let beginnings = 0
subscribe('net.client.socket', message => {
  const { socket } = message as { socket: Socket }
  beginnings++
  const write = socket.write.bind(socket) as (...given: unknown[]) => boolean
  socket.write = (...given: unknown[]): boolean => {
    beginnings++
    return write(...given)
  }
})

async function* neverEnding(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half')
  await new Promise(() => undefined)
}

it(
  `${RUNS} batches aborted at random moments settle within ${WITHIN_MS} ms, every request accounted for (${SEEDED})`,
  async () => {
    // Other test files of this process may have left some.
    const before = sockets()
    const random = randomFrom(seed)
    const upTo = (most: number): number => Math.floor(random() * most)
    await using server = await answerServer(path => PLANS[path.split('/')[1] ?? ''] as AnswerPlan)
    // Accepts connections and never answers, so that a TLS handshake with it never ends.
    const mute = createServer(socket => void socket.on('error', () => undefined).resume()).listen(0, '127.0.0.1')
    await new Promise(resolve => mute.once('listening', resolve))
    const mutePort = (mute.address() as AddressInfo).port
    const specOf = (n: number): RequestSpec => {
      const kind = KINDS[upTo(KINDS.length)] as string
      const method = random() < 0.8 ? 'GET' : 'POST'
      if (kind === 'refused') return { url: 'http://127.0.0.1:1/' }
      if (kind === 'handshake') return { url: `https://127.0.0.1:${mutePort}/` }
      if (kind === 'tunnel') return { url: 'https://x.test/', proxy: `http://127.0.0.1:${mutePort}` }
      if (kind === 'upload') return { url: `${server.origin}/silent/${n}`, method: 'PUT', body: neverEnding }
      return { url: `${server.origin}/${kind}/${n}`, method }
    }
    let slowestMs = 0
    for (let run = 0; run < RUNS; run++) {
      const specs = Array.from({ length: 1 + upTo(60) }, (_, n) => specOf(n))
      const client = clientOf({
        concurrency: 1 + upTo(64),
        maxRetries: upTo(4),
        timeout: '30s',
        ...(random() < 0.3 && { rateLimit: '200/s' }),
      })
      const controller = new AbortController()
      const options = { returnType: 'text', signal: controller.signal } as const
      const isStream = random() < 0.5
      const taken: Outcome[] = []
      const batch = isStream
        ? (async () => {
            for await (const outcome of client.stream(specs, options)) taken.push(outcome)
            return taken
          })()
        : client.request(specs, { ...options, onFailure: 'settle' })
      const afterMs = random() < 0.1 ? 0 : upTo(120)
      if (afterMs > 0) await new Promise(resolve => setTimeout(resolve, afterMs))
      const abortedAtMs = performance.now()
      controller.abort()
      const outcomes = await batch
      const tookMs = performance.now() - abortedAtMs
      slowestMs = Math.max(slowestMs, tookMs)
      const how = `run ${run}: ${specs.length} requests, aborted after ${afterMs} ms`
      expectFigure(tookMs, how).toBeLessThan(WITHIN_MS)
      // Ok, failed, aborted and not started together are all requests, each once.
      expect(
        outcomes.map(({ index }) => index).toSorted((a, b) => a - b),
        how,
      ).toEqual(specs.map((_, n) => n))
      for (const { ok, error, request } of outcomes) {
        if (error?.code === 'in_doubt/aborted') expect(request.method).not.toBe('GET')
        expect(ok || !error.code.startsWith('internal/'), `${how}: ${error?.message}`).toBe(true)
      }
      // Once the batch has settled, no connection is opened and nothing is sent.
      const begun = beginnings
      await new Promise(resolve => setTimeout(resolve, 15))
      expect(beginnings, how).toBe(begun)
      await client.close()
      await untilNone(() => server.open)
    }
    mute.close()
    // A run that is aborted at once opens none.
    if (RUNS > 20) expect(beginnings).toBeGreaterThan(RUNS)
    console.log(`aborted batches: the slowest settled after ${slowestMs.toFixed(1)} ms`)
    // The listening one of the server is closed behind this.
    await untilNone(() => sockets() - before - 1)
  },
  limitMs(),
)

const sockets = (): number => process.getActiveResourcesInfo().filter(name => name.startsWith('TCP')).length

async function untilNone(count: () => number): Promise<void> {
  const endMs = performance.now() + 1_000
  while (count() > 0) {
    if (performance.now() > endMs) throw new Error(`expected none open after 1 s, got ${count()}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
