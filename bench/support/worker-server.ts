/**
 * A JSON server in its own process: `/small` answers like bench/support/server.ts, `/large` with 100 kB. Bodies are
 * prepared in advance.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const row = { id: 7, name: 'node', owner: 'nodejs', stars: 104_000, topics: ['javascript', 'runtime'] }
const small = Buffer.from(JSON.stringify({ ...row, description: 'x'.repeat(120) }))
const large = Buffer.from(JSON.stringify(Array.from({ length: 1_130 }, (_, id) => ({ ...row, id }))))

const server = createServer((request, response) => {
  const body = request.url?.startsWith('/large') === true ? large : small
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.byteLength })
  response.end(body)
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', 4_096, () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.on('disconnect', () => process.exit())
