/** Ports that lead nowhere. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Worker } from 'node:worker_threads'

/** A port without a listener. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

export interface BlackHole {
  readonly port: number
  [Symbol.asyncDispose](): Promise<void>
}

/** A port whose backlog is full: a thread listens and then never accepts. */
export async function blackHole({ host = '127.0.0.1', port: wanted = 0 } = {}): Promise<BlackHole> {
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
     const server = require('node:net').createServer().listen({ ...workerData, backlog: 1 }, () => {
       parentPort.postMessage(server.address().port)
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
     })`,
    { eval: true, workerData: { host, port: wanted } },
  )
  const port = await new Promise<number>(resolve => worker.once('message', resolve))
  const fillers: Socket[] = []
  // A second one that is not accepted proves that the first one was not just late.
  for (let refused = 0; refused < 2 && fillers.length < 20;) {
    const socket = connect(port, host)
    socket.on('error', () => undefined)
    fillers.push(socket)
    const isAccepted = await Promise.race([
      new Promise<boolean>(resolve => socket.once('connect', () => resolve(true))),
      new Promise<boolean>(resolve => setTimeout(() => resolve(false), 150)),
    ])
    refused = isAccepted ? 0 : refused + 1
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy()
      await worker.terminate()
    },
  }
}
