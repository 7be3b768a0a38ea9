/** A JSON server in its own process: `/now/…` answers at once, `/late/…` after 50 ms. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const LATE_MS = 50

const row = { id: 7, name: 'node', owner: 'nodejs', stars: 104_000, topics: ['javascript', 'runtime'] }
const body = Buffer.from(JSON.stringify({ ...row, description: 'x'.repeat(120) }))

const server = createServer((request, response) => {
  const answer = (): void => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.byteLength })
    response.end(body)
  }
  if (request.url?.startsWith('/late') === true) setTimeout(answer, LATE_MS)
  else answer()
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', 4_096, () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.on('disconnect', () => process.exit())
