/** Finds the chunks of a file: where each begins, how many requests it has, and the digest of its bytes. In constant memory. */
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { digestText as textOf } from './chunk-index.ts'
import type { Chunk } from './chunk.ts'
import type { FileRows } from './manifest.ts'
import { isListed } from './rows.ts'
import { ConfigError } from '../../core/error.ts'

const LF = 10
const CR = 13
const SP = 32
const DELETE = 127
const PIECE_BYTES = 1 << 18
const MARK = Buffer.from('\uFEFF')
/** A longer line is not read into memory. */
const MOST_BYTES = 16_000_000

export interface FileToRead extends Pick<FileRows, 'path' | 'format'> {
  /** Called with each line that is a request; it may throw. */
  readonly check?: ((text: string, line: number) => void) | undefined
}

/** @param after the last chunk that is known; reading goes on behind it */
export async function* chunksOfFile(
  { path, format, check }: FileToRead,
  chunkRows: number,
  after: Chunk | undefined,
): AsyncGenerator<Chunk, void> {
  const first = after === undefined ? await markLength(path) : after.offset + after.length
  let number = after === undefined ? 0 : after.number + 1
  let from = after === undefined ? 0 : after.from + after.rows
  let line = after === undefined ? 1 : await lineBehind(path, after)
  let open: OpenChunk = { offset: first, line, rows: 0, length: 0, digest: createHash('sha256') }
  const end = (): Chunk => {
    const { offset, rows, length, digest } = open
    const chunk = { number, from, rows, offset, length, line: open.line, digest: textOf(digest) }
    number++
    from += rows
    open = { offset: offset + length, line, rows: 0, length: 0, digest: createHash('sha256') }
    return chunk
  }
  for await (const bytes of wholeLines(path, first)) {
    for (let start = 0; start < bytes.length;) {
      const next = bytes.indexOf(LF, start)
      const one = bytes.subarray(start, next === -1 ? bytes.length : next + 1)
      start += one.length
      open.digest.update(one)
      open.length += one.length
      line++
      if (!isRequest(one, format, path, line - 1)) continue
      check?.(one.toString(), line - 1)
      open.rows++
      if (open.rows >= chunkRows) yield end()
    }
  }
  if (open.rows > 0) yield end()
}

interface OpenChunk {
  readonly offset: number
  readonly line: number
  rows: number
  length: number
  readonly digest: Hash
}

const HASH = '#'.charCodeAt(0)

function isRequest(bytes: Buffer, format: FileRows['format'], path: string, line: number): boolean {
  const cr = bytes.indexOf(CR)
  if (cr !== -1 && cr < bytes.length - 2) {
    throw new ConfigError([`${path}:${line}: expected lines that end in LF or CRLF, got a CR. Submit the rows inline.`])
  }
  const [byte = 0] = bytes
  // Most lines begin with the URL.
  if (byte > SP && byte < DELETE && byte !== HASH) return true
  return format === 'lines' ? isListed(bytes.toString()) : bytes.toString().trim() !== ''
}

/** The length of a byte-order mark, which no chunk has. */
async function markLength(path: string): Promise<number> {
  for await (const bytes of createReadStream(path, { end: MARK.length - 1 }) as AsyncIterable<Buffer>) {
    return bytes.equals(MARK) ? MARK.length : 0
  }
  return 0
}

async function lineBehind(path: string, { offset, length, line }: Chunk): Promise<number> {
  let lines = 0
  const end = offset + length - 1
  for await (const bytes of createReadStream(path, { start: offset, end }) as AsyncIterable<Buffer>) {
    for (const byte of bytes) if (byte === LF) lines++
  }
  return line + lines
}

/** Pieces of whole lines. A piece is valid until the next one: all are in one buffer, so that memory stays constant. */
async function* wholeLines(path: string, start: number): AsyncGenerator<Buffer, void> {
  const file = await openFile(path, 'r')
  try {
    let buffer = Buffer.allocUnsafe(PIECE_BYTES)
    let held = 0
    for (let position = start; ;) {
      const { bytesRead } = await file.read(buffer, held, buffer.length - held, position)
      if (bytesRead === 0) break
      position += bytesRead
      const filled = held + bytesRead
      const whole = buffer.lastIndexOf(LF, filled - 1) + 1
      if (whole > 0) yield buffer.subarray(0, whole)
      buffer.copyWithin(0, whole, filled)
      held = filled - whole
      if (held < buffer.length) continue
      if (held >= MOST_BYTES) throw new ConfigError([`${path}: expected lines of at most 16 MB, got a longer one.`])
      buffer = Buffer.concat([buffer], 2 * buffer.length)
    }
    if (held > 0) yield buffer.subarray(0, held)
  } finally {
    await file.close()
  }
}
