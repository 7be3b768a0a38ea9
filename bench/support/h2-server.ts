/** A small JSON server over TLS that speaks HTTP/2 and HTTP/1.1, in its own process. */
import { readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'

const read = (name: string): string =>
  readFileSync(new URL(`../../test/fixtures/tls/${name}.pem`, import.meta.url), 'utf8')
const body = JSON.stringify({ id: 7, name: 'node', description: 'x'.repeat(160) })

const server = createSecureServer(
  { allowHTTP1: true, cert: read('server'), key: read('server-key') },
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(body.length) })
    response.end(body)
  },
)
server.listen(0, '127.0.0.1', 4_096, () => {
  process.send?.(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.on('disconnect', () => process.exit())
