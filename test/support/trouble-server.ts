/**
 * A server whose requests need several attempts, by their path: `/flaky/N` answers 503 N times and then 200,
 * `/cut/N` closes the connection N times, `/to/PATH` redirects to `/PATH`, `/stale` closes its connection after the
 * answer, `/hang` never answers, `/status/N` answers with that status. `?id=` tells requests with the same path apart.
 */
import { echoServer } from './echo-server.ts'
import type { EchoServer } from './echo-server.ts'

export async function troubleServer(): Promise<EchoServer> {
  const seen = new Map<string, number>()
  return echoServer(({ url }, response, request) => {
    const times = (seen.get(url) ?? 0) + 1
    seen.set(url, times)
    const [, what = '', rest = ''] = /^\/([a-z]+)\/?([^?]*)/.exec(url) ?? []
    const query = url.slice(url.indexOf('?') === -1 ? url.length : url.indexOf('?'))
    const answer = (status: number, headers: Record<string, string> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(JSON.stringify({ url, times }))
    }
    switch (what) {
      case 'flaky':
        return answer(times <= Number(rest) ? 503 : 200)
      case 'cut':
        return times <= Number(rest) ? void request.socket.destroy() : answer(200)
      case 'to':
        return answer(302, { location: `/${rest}${query}` })
      case 'status':
        return answer(Number(rest))
      case 'hang':
        return undefined
      default:
        return answer(200)
    }
  })
}
