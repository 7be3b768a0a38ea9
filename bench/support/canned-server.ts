/**
 * Answers every GET from a prepared buffer, so that it costs less than any client. It parses no HTTP: the end of a head
 * is the end of a chunk, because no client sends a second request before the answer. Runs in its own process.
 *
 * Arguments: number of addresses from 127.0.0.1 on, with one server each; and one of how many requests is refused with
 * 503 (0: none). Sends its origins once it listens.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

const [hosts = 1, refuseEvery = 0] = process.argv.slice(2).map(Number)

const body = JSON.stringify({ id: 7, name: 'node', stars: 104_000, description: 'x'.repeat(120) })
const head = (status: string): string =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
const ok = Buffer.from(head('200 OK') + body)
const refused = Buffer.from(head('503 Service Unavailable') + body)
const END_OF_HEAD = 0x0d0a0d0a

let answered = 0

function answer(socket: Socket): void {
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', chunk => {
    // A head in two chunks is answered after the second one.
    if (chunk.length < 4 || chunk.readUInt32BE(chunk.length - 4) !== END_OF_HEAD) return
    answered++
    socket.write(refuseEvery > 0 && answered % refuseEvery === 0 ? refused : ok)
  })
}

const origins: string[] = []
for (let host = 1; host <= hosts; host++) {
  const server = createServer(answer)
  server.listen(0, `127.0.0.${host}`, 4_096)
  await once(server, 'listening')
  const { address, port } = server.address() as AddressInfo
  origins.push(`http://${address}:${port}`)
}
process.send?.(origins)
process.on('disconnect', () => process.exit())
