/**
 * An HTTP/2 server that sends exactly the frames of its script (RFC 9113 §4), over TLS with ALPN. Frames are data, and
 * no HTTP/2 library changes them.
 *
 * Requests are identified by their order and stream, because their heads are compressed (HPACK) and not decoded.
 * nghttp2 leaves text of letters with long codes uncompressed, so that a path like `/XZZX` can be read in `block`.
 */
import { rawServer } from './raw-server.ts'
import type { Connection, RawServer, RawServerOptions, Script } from './raw-server.ts'

export const CODES = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  ENHANCE_YOUR_CALM: 11,
  HTTP_1_1_REQUIRED: 13,
} as const

export type CodeName = keyof typeof CODES

const TYPES = {
  data: 0,
  headers: 1,
  rst: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const
const SETTINGS = { maxConcurrentStreams: 3, initialWindowSize: 4, maxFrameSize: 5, maxHeaderListSize: 6 } as const

const ACK = 1
const END_STREAM = 1
const END_HEADERS = 4
const PADDED = 8

export type Settings = Partial<Record<keyof typeof SETTINGS, number>>

/** One action of the server. Stream frames are on the stream of the request that they answer. */
export type Play =
  | { readonly head: Readonly<Record<string, string>>; readonly end?: boolean; readonly open?: boolean }
  | { readonly data: string; readonly end?: boolean; readonly padding?: number }
  | { readonly rst: CodeName }
  | { readonly goaway: CodeName; readonly last: 'this' | 'before' | 'all' }
  | { readonly settings: Settings }
  | { readonly raw: Uint8Array }
  | { readonly flood: Uint8Array; readonly times: number }
  | { readonly wait: number }
  /** The end of the connection, in order or by a reset. */
  | { readonly fin: true }
  | { readonly reset: true }

export interface H2Script {
  readonly settings?: Settings
  /** Sent before the first request. */
  readonly greeting?: readonly Play[]
  /** The answer to the n-th request of a connection; the last one repeats. */
  readonly answers: readonly (readonly Play[])[]
  /** Answer at the head of a request instead of its end. */
  readonly early?: boolean
  /** Send no settings, which are the server's preface. */
  readonly mute?: boolean
}

export interface H2Request {
  readonly connection: number
  readonly stream: number
  /** The compressed head, as Latin-1. */
  readonly block: string
  bytes: number
  whole: boolean
  /** The code with which the client reset the stream. */
  rst: number | undefined
}

export interface H2Server extends RawServer {
  readonly streams: readonly H2Request[]
  /** The codes of the client's GOAWAY frames. */
  readonly goaways: readonly number[]
}

/** A 200 with this body. */
export const replying = (body = '{}', head: Readonly<Record<string, string>> = {}): readonly Play[] => [
  { head: { ':status': '200', 'content-length': `${Buffer.byteLength(body)}`, ...head } },
  { data: body, end: true },
]

/** One script for all connections, or one per connection, of which the last one repeats. */
export async function h2Server(
  play: H2Script | readonly H2Script[],
  options: RawServerOptions = {},
): Promise<H2Server> {
  const scripts = 'answers' in play ? [play] : play
  const streams: H2Request[] = []
  const goaways: number[] = []
  const server = await rawServer(
    scripts.map(script => speaking(script, streams, goaways)),
    { cert: 'server', alpn: ['h2'], ...options },
  )
  return Object.assign(server, { streams, goaways })
}

/** The frames of a script as a script of bytes. */
function speaking(script: H2Script, streams: H2Request[], goaways: number[]): Script {
  return async connection => {
    await connection.expect('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    if (script.mute !== true) await connection.send(settingsFrame(script.settings ?? {}))
    await perform(script.greeting ?? [], connection, 0)
    const open = new Map<number, H2Request>()
    let count = 0
    const answer = (request: H2Request): void => {
      const plays = script.answers[Math.min(count++, script.answers.length - 1)] ?? []
      void perform(plays, connection, request.stream).catch(() => undefined)
    }
    for (;;) {
      const { type, flags, stream, payload } = await nextFrame(connection)
      const request = open.get(stream)
      if (type === TYPES.headers) {
        const whole = (flags & END_STREAM) !== 0
        const begun = {
          connection: connection.index,
          stream,
          block: payload.toString('latin1'),
          bytes: 0,
          whole,
          rst: undefined,
        }
        open.set(stream, begun)
        streams.push(begun)
        if (whole || script.early === true) answer(begun)
      } else if (type === TYPES.data && request !== undefined) {
        request.bytes += payload.length
        request.whole = (flags & END_STREAM) !== 0
        if (request.whole && script.early !== true) answer(request)
        if (payload.length > 0) await connection.send(windowFrames(stream, payload.length))
      } else if (type === TYPES.rst && request !== undefined) request.rst = payload.readUInt32BE(0)
      else if (type === TYPES.settings && (flags & ACK) === 0 && script.mute !== true) {
        await connection.send(frame('settings', ACK, 0))
      } else if (type === TYPES.ping && (flags & ACK) === 0) await connection.send(frame('ping', ACK, 0, payload))
      else if (type === TYPES.goaway) goaways.push(payload.readUInt32BE(4))
    }
  }
}

async function nextFrame(connection: Connection) {
  const head = await connection.expect(9)
  const payload = await connection.expect(head.readUIntBE(0, 3))
  return { type: head.readUInt8(3), flags: head.readUInt8(4), stream: head.readUInt32BE(5) & 0x7fff_ffff, payload }
}

async function perform(plays: readonly Play[], connection: Connection, stream: number): Promise<void> {
  for (const play of plays) {
    if ('wait' in play) await connection.wait(play.wait)
    else if ('fin' in play) connection.fin()
    else if ('reset' in play) connection.rst()
    else if ('flood' in play) {
      for (let sent = 0; sent < play.times; sent += 100) {
        await connection.send(Buffer.concat(Array.from({ length: Math.min(100, play.times - sent) }, () => play.flood)))
      }
    } else await connection.send(bytesOf(play, stream))
  }
}

function bytesOf(
  play: Exclude<Play, { wait: number } | { fin: true } | { reset: true } | { flood: Uint8Array }>,
  stream: number,
) {
  if ('raw' in play) return play.raw
  if ('head' in play) {
    return frame('headers', (play.end ? END_STREAM : 0) | (play.open ? 0 : END_HEADERS), stream, packed(play.head))
  }
  if ('data' in play) return dataFrame(play, stream)
  if ('rst' in play) return frame('rst', 0, stream, uint32(CODES[play.rst]))
  if ('settings' in play) return settingsFrame(play.settings)
  const last = { this: stream, before: Math.max(0, stream - 2), all: 0x7fff_ffff }[play.last]
  return frame('goaway', 0, 0, Buffer.concat([uint32(last), uint32(CODES[play.goaway])]))
}

export function frame(
  type: keyof typeof TYPES,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(TYPES[type], 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

function dataFrame({ data, end, padding }: { data: string; end?: boolean; padding?: number }, stream: number): Buffer {
  const flags = (end ? END_STREAM : 0) | (padding === undefined ? 0 : PADDED)
  const bytes = Buffer.from(data)
  if (padding === undefined) return frame('data', flags, stream, bytes)
  return frame('data', flags, stream, Buffer.concat([Buffer.from([padding]), bytes, Buffer.alloc(padding)]))
}

export function settingsFrame(settings: Settings): Buffer {
  const pairs = Object.entries(settings).map(([name, value]) => {
    const pair = Buffer.alloc(6)
    pair.writeUInt16BE(SETTINGS[name as keyof typeof SETTINGS], 0)
    pair.writeUInt32BE(value, 2)
    return pair
  })
  return frame('settings', 0, 0, Buffer.concat(pairs))
}

const windowFrames = (stream: number, bytes: number): Buffer =>
  Buffer.concat([frame('windowUpdate', 0, 0, uint32(bytes)), frame('windowUpdate', 0, stream, uint32(bytes))])

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** HPACK without its tables: every field is a literal without indexing (RFC 7541 §6.2.2). */
export function packed(fields: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]),
  )
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([length(bytes.length), bytes])
}

/** An integer with a prefix of seven bits (RFC 7541 §5.1). */
function length(value: number): Buffer {
  if (value < 127) return Buffer.from([value])
  const bytes = [127]
  let rest = value - 127
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}
