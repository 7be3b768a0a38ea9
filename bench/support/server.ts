/** A small JSON server in its own process, so that its work is not counted as the client's. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const body = JSON.stringify({
  id: 7,
  name: 'node',
  owner: 'nodejs',
  stars: 104_000,
  topics: ['javascript', 'runtime'],
  description: 'x'.repeat(120),
})

const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', 4_096, () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.on('disconnect', () => process.exit())
