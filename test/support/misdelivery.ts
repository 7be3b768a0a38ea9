/**
 * Many requests to a server that mixes up answers where it can, to find a request that gets the answer of another one.
 */
import { ParallelRequests } from '../../src/index.ts'
import { GIVEN_UP_MS, poisonServer } from './poison-server.ts'

export interface Deliveries {
  readonly ok: number
  readonly failed: number
  /** Requests with the answer of another one. Must be empty. */
  readonly misdelivered: readonly string[]
  /** Requests without an outcome, or with two. Must be 0. */
  readonly lost: number
  readonly seconds: number
}

/** At the end of a round every connection is idle, and gets an unsolicited answer. */
const ROUND = 2_000
/** A client does not keep connections to a server that sent stray bytes, so each round has a new client, and many hosts. */
const HOSTS = 50

export async function deliver(count: number, told: (done: number) => void = () => undefined): Promise<Deliveries> {
  const server = await poisonServer()
  const startedAtMs = performance.now()
  const misdelivered: string[] = []
  const seen = new Uint8Array(count)
  let ok = 0
  let failed = 0
  try {
    for (let first = 0; first < count; first += ROUND) {
      await using client = new ParallelRequests({ concurrency: 100, maxRetries: 0, timeout: `${GIVEN_UP_MS}ms` })
      await round(client, first, Math.min(ROUND, count - first))
      await server.poison()
    }
  } finally {
    await server.close()
  }
  const lost = seen.reduce((sum, times) => sum + (times === 1 ? 0 : 1), 0)
  return { ok, failed, misdelivered, lost, seconds: (performance.now() - startedAtMs) / 1_000 }

  async function round(client: ParallelRequests, first: number, length: number): Promise<void> {
    const urls = Array.from({ length }, (_, at) => `http://127.0.0.${1 + (at % HOSTS)}:${server.port}/t${first + at}z`)
    for await (const outcome of client.stream(urls, { returnType: 'text' })) {
      const index = first + outcome.index
      seen[index] = (seen[index] ?? 0) + 1
      if (!outcome.ok) failed++
      // A 204 is an answer without a body.
      else if (outcome.response.status === 204 && outcome.value === '') ok++
      else if (outcome.value === `t${index}z`) ok++
      else misdelivered.push(`t${index}z got ${outcome.value}`)
      if ((ok + failed) % 1_000_000 === 0) told(ok + failed)
    }
  }
}
