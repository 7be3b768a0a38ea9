/** Finds the chunks of a file: where each begins, how many requests it has, and the digest of its bytes. In constant memory. */
import { createReadStream } from 'node:fs'
import { digestOf } from './chunk-index.ts'
import type { Chunk } from './chunk.ts'
import type { FileRows } from './manifest.ts'
import { isListed } from './rows.ts'
import { ConfigError } from '../../core/error.ts'

const LF = 10
const CR = 13
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
  let offset = after === undefined ? 0 : after.offset + after.length
  let number = after === undefined ? 0 : after.number + 1
  let from = after === undefined ? 0 : after.from + after.rows
  // Messages of a batch that was continued count from its chunk on.
  let line = after === undefined ? 1 : await lineBehind(path, after)
  let nextLine = line
  let rows = 0
  let held: Buffer[] = []
  const end = (): Chunk => {
    const bytes = Buffer.concat(held)
    const chunk = { number, from, rows, offset, length: bytes.length, line, digest: digestOf(bytes) }
    number++
    from += rows
    offset += bytes.length
    line = nextLine
    rows = 0
    held = []
    return chunk
  }
  for await (const bytes of wholeLines(path, offset)) {
    nextLine++
    if (offset === 0 && held.length === 0 && bytes.subarray(0, 3).equals(MARK)) {
      // A chunk has no mark, so the first one begins behind it.
      offset = MARK.length
      held.push(bytes.subarray(MARK.length))
    } else held.push(bytes)
    if (isRequest(bytes, format, path, nextLine - 1)) {
      check?.(bytes.toString(), nextLine - 1)
      rows++
    }
    if (rows >= chunkRows) yield end()
  }
  if (rows > 0) yield end()
}

function isRequest(bytes: Buffer, format: FileRows['format'], path: string, line: number): boolean {
  const text = bytes.toString()
  const cr = bytes.indexOf(CR)
  if (cr !== -1 && cr < bytes.length - 2) {
    throw new ConfigError([`${path}:${line}: expected lines that end in LF or CRLF, got a CR. Submit the rows inline.`])
  }
  return format === 'lines' ? isListed(text) : text.trim() !== ''
}

async function lineBehind(path: string, { offset, length, line }: Chunk): Promise<number> {
  let lines = 0
  for await (const bytes of createReadStream(path, {
    start: offset,
    end: offset + length - 1,
  }) as AsyncIterable<Buffer>) {
    for (const byte of bytes) if (byte === LF) lines++
  }
  return line + lines
}

/** Each with its line end, if it has one. */
async function* wholeLines(path: string, start: number): AsyncGenerator<Buffer, void> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of createReadStream(path, { start, highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>) {
    const bytes: Buffer = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    let from = 0
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, from)) {
      yield bytes.subarray(from, end + 1)
      from = end + 1
    }
    rest = bytes.subarray(from)
    if (rest.length > MOST_BYTES) throw new ConfigError([`${path}: expected lines of at most 16 MB, got a longer one.`])
  }
  if (rest.length > 0) yield rest
}
