/** A TCP proxy before Redis, whose network fails in the ways that matter to a queue. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { reset } from '../support/reset.ts'

export interface RedisProxy extends AsyncDisposable {
  /** The port of Redis, for connections that begin. */
  target: number
  readonly url: string
  /**
   * `silent`: nothing passes any more over the connections that there are then, which stay open; later ones work. `down`: connections are reset and new ones
   * refused. `slow`: each piece takes 200 ms and up to 50 ms of jitter, in order.
   */
  become(state: 'whole' | 'silent' | 'down' | 'slow'): Promise<void>
  /** Called with each piece that a client sends, before it is passed on, and with each reply. */
  watch: ((bytes: Buffer, side: 'up' | 'down') => void) | undefined
}

const SLOW_MS = 200
const JITTER_MS = 50

export async function redisProxy(target: number): Promise<RedisProxy> {
  const sockets = new Set<Socket>()
  /** A connection that loses bytes cannot go on: replies would be taken for those of other commands. */
  const dead = new WeakSet<Socket>()
  let state: 'whole' | 'silent' | 'down' | 'slow' = 'whole'
  let pieces = 0
  const follow = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.setNoDelay(true).on('close', () => sockets.delete(socket))
  }
  const pipe = (from: Socket, to: Socket, side: 'up' | 'down'): void => {
    let last: Promise<unknown> = Promise.resolve()
    from.on('data', (bytes: Buffer) => {
      if (state === 'silent' || dead.has(from)) return
      proxy.watch?.(bytes, side)
      const pass = (): void => void (to.destroyed || to.write(bytes))
      if (state !== 'slow') return void (last = last.then(pass))
      const due = SLOW_MS + ((++pieces * 37) % JITTER_MS)
      const waited = new Promise(resolve => setTimeout(resolve, due))
      last = last.then(() => waited).then(pass)
    })
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
  }
  const accept = (client: Socket): void => {
    const server = connect({ port: proxy.target, host: '127.0.0.1' })
    pipe(follow(client), follow(server), 'up')
    pipe(server, client, 'down')
  }
  let server: Server | undefined
  const listen = async (port: number): Promise<number> => {
    server = createServer(accept)
    await new Promise<void>(resolve => server?.listen(port, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }
  const port = await listen(0)
  const goDown = async (): Promise<void> => {
    const closing = server
    server = undefined
    const closed = new Promise(resolve => closing?.close(resolve) ?? resolve(undefined))
    for (const socket of sockets) reset(socket)
    await closed
  }
  const proxy: RedisProxy = {
    target,
    url: `redis://127.0.0.1:${port}`,
    watch: undefined,
    async become(next) {
      if (state === 'silent') for (const socket of sockets) dead.add(socket)
      state = next
      if (next === 'down') await goDown()
      else if (server === undefined) await listen(port)
    },
    [Symbol.asyncDispose]: goDown,
  }
  return proxy
}
