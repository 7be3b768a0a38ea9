/**
 * A server in a process of its own, for tests with worker threads. Counts requests in flight and open connections,
 * records arrivals by a clock that all processes share, and reports both on `/told`. Paths: `/slow/50`, `/hang`,
 * `/status/503`, `/big/100000`, `/cut` (closes after the request), `/stall` (in the body); any other path is echoed.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monotonicMs } from '../../bench/support/monotonic.ts'

let inFlight = 0
let mostAtOnce = 0
let aborted = 0
let arrivalsMs: number[] = []
const counts: Record<string, number> = {}

const server = createServer((request, response) => {
  const path = request.url ?? '/'
  const [, verb = '', argument = ''] = path.split('/')
  if (verb === 'told') {
    response.end(JSON.stringify({ mostAtOnce, aborted, arrivalsMs, counts }))
    mostAtOnce = aborted = 0
    arrivalsMs = []
    return
  }
  arrivalsMs.push(monotonicMs())
  counts[verb] = (counts[verb] ?? 0) + 1
  mostAtOnce = Math.max(mostAtOnce, ++inFlight)
  response.once('close', () => {
    inFlight--
    if (!response.writableFinished) aborted++
  })
  request.resume()
  request.on('end', () => {
    if (verb === 'hang') return
    if (verb === 'cut') return void request.socket.destroy()
    if (verb === 'stall') return void response.writeHead(200, { 'content-length': 9 }).write('{')
    if (verb === 'status') return void response.writeHead(Number(argument)).end()
    if (verb === 'busy') {
      const status = counts[verb] === 1 ? 429 : 200
      return void response.writeHead(status, status === 429 ? { 'retry-after': '1' } : {}).end('{}')
    }
    if (verb === 'big') return void response.end(Buffer.alloc(Number(argument), 7))
    const send = (): void => void response.end(JSON.stringify({ path, token: request.headers['x-token'] }))
    if (verb === 'slow') setTimeout(send, Number.parseInt(argument, 10))
    else send()
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', 4_096, () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.on('disconnect', () => process.exit())
