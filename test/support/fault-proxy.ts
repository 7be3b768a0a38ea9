/**
 * A TCP proxy that makes a good connection a bad one: late, thin, cut into slices, cut short, reset, silent, or down.
 * What it does is data, for each direction; it may be changed while it runs and holds for what comes afterwards.
 */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

const PIECES_PER_TURN = 64

export interface Toxics {
  /** Every piece comes so much later. */
  readonly latencyMs?: number
  readonly bytesPerSecond?: number
  /** Pieces of at most so many bytes, each in a packet of its own. */
  readonly sliceBytes?: number
  /** The end comes so much later than the last byte. */
  readonly slowCloseMs?: number
  /** After so many bytes the connection ends, in order. */
  readonly limitBytes?: number
  /** After so many bytes the connection is reset. */
  readonly resetAfterBytes?: number
  /** After so many bytes nothing comes any more, and the connection stays. */
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
  /** Takes no connections any more, and resets those that are there. */
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

/** Node cannot reset a connection that is being ended, and leaves its handle open. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
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
        // Writes that succeed at once would keep the loop from everybody else.
        if (++written % PIECES_PER_TURN === 0) await new Promise(resolve => setImmediate(resolve))
        // Silence goes on reading, so that it hears of the end.
        if (passed >= Math.min(...endsOf(toxics()))) return cut(from, to, toxics())
      }
    }
    await pause(toxics().slowCloseMs)
    to.end()
  } catch {
    // One side is gone; `error` of its socket has told the other.
  }
}

const endsOf = ({ limitBytes = Infinity, resetAfterBytes = Infinity }: Toxics): number[] => [
  limitBytes,
  resetAfterBytes,
]
const cutsOf = (toxics: Toxics): number[] => [...endsOf(toxics), toxics.silentAfterBytes ?? Infinity]

function cut(from: Socket, to: Socket, { limitBytes, resetAfterBytes }: Toxics): void {
  if (resetAfterBytes !== undefined) {
    to.resetAndDestroy()
    from.resetAndDestroy()
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
