/**
 * Addresses that swallow connections, as a firewall that drops packets does: the kernel listens with a backlog of one,
 * this process never accepts, and the few connections that fit are opened by itself before it stops for good.
 * `argv[2]`: the addresses, comma-separated.
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
  // The connections have been asked for when this turn is over; nobody may accept them in the next.
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
})
