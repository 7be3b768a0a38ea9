/** Sends the body of a request that is not in memory: as many bytes as were announced, or in chunks (RFC 9112 §7.1). */
import type { Socket } from 'node:net'
import { slices } from '../slices.ts'

/** The body is not as long as its content-length says. */
export class WrongLength extends Error {}

export interface BodyOutlet {
  readonly socket: Socket
  /** The announced length. Undefined: in chunks. */
  readonly bytes: number | undefined
  /** Returns true if the rest of the body is no longer needed. */
  readonly isOver: () => boolean
  /** A piece has been passed to the operating system, or fits into the buffer of the socket. */
  readonly onWritten: () => void
}

/**
 * Resolves when all bytes have been passed to the socket, with true; or with false if the rest was not needed. Leaving
 * the loop closes the caller's stream.
 *
 * @throws WrongLength, or what the stream throws
 */
export async function sendBody(
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array>,
  { socket, bytes, isOver, onWritten }: BodyOutlet,
): Promise<boolean> {
  let sent = 0
  for await (const chunk of chunks) {
    if (isOver()) return false
    const data = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    if (data.byteLength === 0) continue
    sent += data.byteLength
    if (bytes !== undefined && sent > bytes) throw new WrongLength()
    let left = data.byteLength
    for (const slice of slices(data)) {
      const isFirst = left === data.byteLength
      left -= slice.byteLength
      const size = isFirst && bytes === undefined ? `${data.byteLength.toString(16)}\r\n` : ''
      if (!write(socket, size, slice, left === 0 && bytes === undefined)) await drained(socket)
      if (isOver()) return false
      onWritten()
    }
  }
  if (isOver()) return false
  if (bytes !== undefined && sent < bytes) throw new WrongLength()
  if (bytes === undefined) socket.write('0\r\n\r\n', 'latin1')
  return true
}

/** @param size the line before the data of a chunk, or nothing */
function write(socket: Socket, size: string, data: Uint8Array, endsChunk: boolean): boolean {
  if (size === '' && !endsChunk) return socket.write(data)
  socket.cork()
  if (size !== '') socket.write(size, 'latin1')
  let isFree = socket.write(data)
  if (endsChunk) isFree = socket.write('\r\n', 'latin1')
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
