/** Sends the body of a request that is not in memory: as many bytes as were announced, or in chunks (RFC 9112 §7.1). */
import type { Socket } from 'node:net'
import type { Chunks } from '../../core/body.ts'

/** The body is not as long as its content-length says. */
export class WrongLength extends Error {}

export interface BodyOutlet {
  readonly socket: Socket
  /** The announced length. Undefined: in chunks. */
  readonly bytes: number | undefined
  /** Returns true if the rest of the body is no longer needed. */
  readonly isOver: () => boolean
}

/**
 * Resolves when all bytes have been passed to the socket, with true; or with false if the rest was not needed. Leaving
 * the loop closes the caller's stream.
 *
 * @throws WrongLength, or what the stream throws
 */
export async function sendBody(chunks: Chunks, { socket, bytes, isOver }: BodyOutlet): Promise<boolean> {
  let sent = 0
  for await (const chunk of chunks) {
    if (isOver()) return false
    const data = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    if (data.byteLength === 0) continue
    sent += data.byteLength
    if (bytes !== undefined && sent > bytes) throw new WrongLength()
    if (!write(socket, data, bytes === undefined)) await drained(socket)
  }
  if (isOver()) return false
  if (bytes !== undefined && sent < bytes) throw new WrongLength()
  if (bytes === undefined) socket.write('0\r\n\r\n', 'latin1')
  return true
}

function write(socket: Socket, data: Uint8Array, isChunked: boolean): boolean {
  if (!isChunked) return socket.write(data)
  socket.cork()
  socket.write(`${data.byteLength.toString(16)}\r\n`, 'latin1')
  socket.write(data)
  const isFree = socket.write('\r\n', 'latin1')
  socket.uncork()
  return isFree
}

/** Also resolves when the socket has closed. */
function drained(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    const go = (): void => {
      socket.off('drain', go).off('close', go)
      resolve()
    }
    if (socket.destroyed) resolve()
    else socket.on('drain', go).on('close', go)
  })
}
