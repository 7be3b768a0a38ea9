/**
 * Answers every request with a body in chunks of a given size: all but the last byte, and the last byte when the parent
 * says so. Arguments: `http/1.1` or `h2`, bytes of a body, bytes of a chunk. Sends its URL, then one message per body.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

const [protocol = '', bodyText, pieceText] = process.argv.slice(2)
const bodyBytes = Number(bodyText)
const pieceBytes = Number(pieceText)
/** Bytes per write. */
const BATCH_BYTES = 16_384

const finish: (() => void)[] = []
process.on('message', () => {
  for (const end of finish.splice(0)) end()
})
process.on('disconnect', () => process.exit())

/** Writes all chunks but the last byte, as fast as `room` and the socket allow. */
function pour(socket: Socket, frame: (bytes: number) => Buffer, room: () => number): () => void {
  const perBatch = Math.max(1, Math.floor(BATCH_BYTES / pieceBytes))
  const batch = Buffer.concat(Array.from({ length: perBatch }, () => frame(pieceBytes)))
  let sent = 0
  let isHeld = false
  const go = (): void => {
    while (!socket.writableNeedDrain && !isHeld) {
      const left = bodyBytes - 1 - sent
      if (left === 0) {
        isHeld = true
        process.send?.('held')
        return
      }
      const bytes = perBatch * pieceBytes
      if (left >= bytes && room() - sent >= bytes) {
        socket.write(batch)
        sent += bytes
      } else {
        const one = Math.min(pieceBytes, left)
        if (room() - sent < one) return
        socket.write(frame(one))
        sent += one
      }
    }
  }
  socket.on('drain', go)
  go()
  return go
}

function chunked(socket: Socket): void {
  socket.on('error', () => undefined)
  socket.once('data', () => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
    const frame = (bytes: number): Buffer => Buffer.from(`${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`)
    pour(socket, frame, () => Infinity)
    finish.push(() => socket.end('1\r\nx\r\n0\r\n\r\n'))
  })
}

const FRAME = { data: 0, headers: 1, settings: 4, windowUpdate: 8 }
const END_STREAM = 1
const END_HEADERS = 4
const ACK = 1
const PREFACE_BYTES = 24
/** `:status: 200` in HPACK. */
const STATUS_200 = Buffer.from([0x88])
const INITIAL_WINDOW_SIZE = 4

function frameOf(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** As much of HTTP/2 as one stream per connection needs. */
function h2(socket: Socket): void {
  socket.on('error', () => undefined)
  let unread: Buffer = Buffer.alloc(0)
  let toSkip = PREFACE_BYTES
  let window = 65_535
  let go = (): void => undefined
  socket.write(frameOf(FRAME.settings, 0, 0))
  socket.on('data', (bytes: Buffer) => {
    unread = Buffer.concat([unread, bytes])
    if (unread.length < toSkip) return
    unread = unread.subarray(toSkip)
    toSkip = 0
    while (unread.length >= 9 && unread.length >= 9 + unread.readUIntBE(0, 3)) {
      const payload = unread.subarray(9, 9 + unread.readUIntBE(0, 3))
      const [type, flags, stream] = [unread[3], unread[4] as number, unread.readUInt32BE(5)]
      unread = unread.subarray(9 + payload.length)
      if (type === FRAME.settings && (flags & ACK) === 0) {
        for (let at = 0; at < payload.length; at += 6) {
          if (payload.readUInt16BE(at) === INITIAL_WINDOW_SIZE) window = payload.readUInt32BE(at + 2)
        }
        socket.write(frameOf(FRAME.settings, ACK, 0))
      } else if (type === FRAME.windowUpdate && stream > 0) {
        window += payload.readUInt32BE(0)
        go()
      } else if (type === FRAME.headers) {
        socket.write(frameOf(FRAME.headers, END_HEADERS, stream, STATUS_200))
        const frame = (size: number): Buffer => frameOf(FRAME.data, 0, stream, Buffer.alloc(size, 'x'))
        go = pour(socket, frame, () => window)
        finish.push(() => socket.write(frameOf(FRAME.data, END_STREAM, stream, Buffer.from('x'))))
      }
    }
  })
}

const read = (name: string): string =>
  readFileSync(new URL(`../../test/fixtures/tls/${name}.pem`, import.meta.url), 'utf8')
const server =
  protocol === 'h2'
    ? createTlsServer({ cert: read('server'), key: read('server-key'), ALPNProtocols: ['h2'] }, h2)
    : createServer(chunked)
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.send?.(`${protocol === 'h2' ? 'https' : 'http'}://127.0.0.1:${port}`)
})
