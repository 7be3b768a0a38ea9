/**
 * Addresses that swallow connections, like a firewall that drops packets. The kernel listens with a backlog of one,
 * this process never accepts, and it opens the few connections that fit by itself before it blocks for good. `argv[2]`:
 * the addresses, separated by commas.
 */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'

const addresses = (process.argv[2] ?? '').split(',')
const FILLERS = 4

async function listen(port: number, host: string): Promise<Server> {
  const server = createServer()
  server.listen({ port, host, backlog: 1 })
  await once(server, 'listening')
  return server
}

const first = await listen(0, addresses[0] as string)
const { port } = first.address() as AddressInfo
for (const address of addresses.slice(1)) await listen(port, address)
process.send?.(`http://127.0.0.1:${port}`, () => {
  for (const address of addresses) {
    for (let nth = 0; nth < FILLERS; nth++) connect(port, address).on('error', () => undefined)
  }
  // The connections have been started at the end of this turn, and must not be accepted in the next one.
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
})
