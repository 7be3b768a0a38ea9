/** The API of docs/enrich.md: it serves people, limits the requests per second, and fails now and then. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PeopleApi extends AsyncDisposable {
  readonly origin: string
  /** The time of each request, in the order of arrival. */
  readonly arrivals: readonly { readonly id: number; readonly atMs: number }[]
  /** The number of answers by status. */
  readonly said: Readonly<Record<number, number>>
}

export const scoreOf = (id: number): number => (id * 7) % 1_000
const BUSY_EVERY = 500
const BROKEN_EVERY = 40

/** @param random decides which requests fail */
export async function peopleApi(random: () => number): Promise<PeopleApi> {
  const arrivals: { id: number; atMs: number }[] = []
  const said: Record<number, number> = {}
  const server = createServer((request, response) => {
    const id = Number(/^\/people\/(\d+)$/.exec(request.url ?? '')?.[1])
    arrivals.push({ id, atMs: performance.now() })
    const answer = (status: number, value: object): void => {
      said[status] = (said[status] ?? 0) + 1
      response.writeHead(status, { 'content-type': 'application/json', ...(status === 429 && { 'retry-after': '1' }) })
      response.end(JSON.stringify(value))
    }
    if (random() < 1 / BUSY_EVERY) return answer(429, {})
    if (random() < 1 / BROKEN_EVERY) return answer(500, {})
    setTimeout(() => answer(200, { id, score: scoreOf(id), address: { city: `City ${id}` } }), 5 + random() * 20)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals,
    said,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
