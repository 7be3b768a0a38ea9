/**
 * A TCP proxy that damages a good connection: late, slow, sliced, cut short, reset, silent, or down. The damage is
 * data, for each direction. It may be changed at any time and then applies to later bytes.
 */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { reset } from './reset.ts'

const PIECES_PER_TURN = 64

export interface Toxics {
  /** The delay of every piece. */
  readonly latencyMs?: number
  readonly bytesPerSecond?: number
  /** The most bytes per piece, each in its own packet. */
  readonly sliceBytes?: number
  /** The delay between the last byte and the end. */
  readonly slowCloseMs?: number
  /** The connection ends in order after this many bytes. */
  readonly limitBytes?: number
  /** The connection is reset after this many bytes. */
  readonly resetAfterBytes?: number
  /** Nothing more comes after this many bytes, and the connection stays open. */
  readonly silentAfterBytes?: number
}

export interface Faults {
  /** From the server to the client. */
  readonly down?: Toxics
  /** From the client to the server. */
  readonly up?: Toxics
}

export interface FaultProxy {
  readonly port: number
  faults: Faults
  /** Accepts no more connections, and resets the open ones. */
  goDown(): Promise<void>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export async function faultProxy(targetPort: number, faults: Faults = {}): Promise<FaultProxy> {
  const sockets = new Set<Socket>()
  const follow = (socket: Socket): void => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => sockets.delete(socket))
  }
  const proxy = { faults }
  const server: Server = createServer({ allowHalfOpen: true }, client => {
    const target = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true })
    follow(client)
    follow(target)
    client.on('error', () => reset(target))
    target.on('error', () => reset(client))
    void pump(client, target, () => proxy.faults.up ?? {})
    void pump(target, client, () => proxy.faults.down ?? {})
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  const close = (): Promise<void> =>
    (closing ??= new Promise(resolve => {
      server.close(() => resolve())
      for (const socket of sockets) reset(socket)
    }))
  return Object.assign(proxy, { port, goDown: close, close, [Symbol.asyncDispose]: close })
}

async function pump(from: Socket, to: Socket, toxics: () => Toxics): Promise<void> {
  let passed = 0
  let written = 0
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      for (const piece of slices(chunk, toxics().sliceBytes ?? Infinity)) {
        const left = Math.min(...cutsOf(toxics())) - passed
        await rest(toxics(), piece.byteLength)
        if (to.destroyed) return
        if (left > 0) await write(to, piece.subarray(0, left))
        passed += piece.byteLength
        // Writes that succeed at once would otherwise block the event loop.
        if (++written % PIECES_PER_TURN === 0) await new Promise(resolve => setImmediate(resolve))
        // During silence the proxy reads on, so that it notices the end.
        if (passed >= Math.min(...endsOf(toxics()))) return cut(from, to, toxics())
      }
    }
    await pause(toxics().slowCloseMs)
    to.end()
  } catch {
    // One side is gone; the `error` event of its socket has told the other.
  }
}

const endsOf = ({ limitBytes = Infinity, resetAfterBytes = Infinity }: Toxics): number[] => [
  limitBytes,
  resetAfterBytes,
]
const cutsOf = (toxics: Toxics): number[] => [...endsOf(toxics), toxics.silentAfterBytes ?? Infinity]

function cut(from: Socket, to: Socket, { limitBytes, resetAfterBytes }: Toxics): void {
  if (resetAfterBytes !== undefined) {
    reset(to)
    reset(from)
  } else if (limitBytes !== undefined) {
    to.end()
    from.destroy()
  }
}

function* slices(chunk: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < chunk.byteLength; at += size) yield chunk.subarray(at, at + size)
}

async function rest({ latencyMs = 0, bytesPerSecond = Infinity }: Toxics, bytes: number): Promise<void> {
  await pause(latencyMs + (1_000 * bytes) / bytesPerSecond)
}

async function pause(ms = 0): Promise<void> {
  if (ms > 0) await new Promise(resolve => setTimeout(resolve, ms))
}

const write = (socket: Socket, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => void socket.write(bytes, error => (error ? reject(error) : resolve())))
