/**
 * A server that answers request n, `GET /n`, according to plan n: the bytes, cut into segments where the plan says, and
 * then the end of the connection. One request per connection. Small and fast, for properties that send tens of
 * thousands of requests.
 */
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { reset } from '../support/reset.ts'

export interface AnswerPlan {
  readonly bytes: Uint8Array
  readonly end: 'fin' | 'rst' | 'hold'
  /** Where a new segment starts, sorted. Default: one segment. */
  readonly cuts?: readonly number[]
}

export interface AnswerServer {
  readonly origin: string
  /** The number of requests so far, by path. */
  readonly asked: ReadonlyMap<string, number>
  readonly open: number
  [Symbol.asyncDispose](): Promise<void>
}

/** A reset discards bytes that the other side has not read yet, so it waits. */
const RESET_AFTER_MS = 15

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

export async function answerServer(planOf: (path: string) => AnswerPlan): Promise<AnswerServer> {
  const asked = new Map<string, number>()
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    let head = ''
    socket.on('data', (bytes: Buffer) => {
      head += bytes.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      const path = head.split(' ', 2)[1] ?? ''
      head = ''
      asked.set(path, (asked.get(path) ?? 0) + 1)
      void answer(socket, planOf(path))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', 1_024, resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    get open() {
      return sockets.size
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function answer(socket: Socket, { bytes, end, cuts = [] }: AnswerPlan): Promise<void> {
  let from = 0
  for (const to of [...cuts, bytes.byteLength]) {
    if (socket.destroyed) return
    if (to > from) {
      socket.write(bytes.subarray(from, to))
      // The client runs in this process and reads between two turns: bytes that are written in one turn arrive
      // together.
      if (to < bytes.byteLength) await nextTurn()
    }
    from = to
  }
  if (end === 'fin') socket.end()
  if (end === 'rst') setTimeout(() => reset(socket), bytes.byteLength > 0 ? RESET_AFTER_MS : 0)
}
