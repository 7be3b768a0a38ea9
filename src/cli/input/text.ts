/**
 * Decodes the bytes of an input. Bytes that are invalid in its encoding are an error: decoded to U+FFFD, they would be
 * sent in a wrong URL.
 */
import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'
import { unreadable } from './unreadable.ts'

/** The next bytes are not text. All text before them has been yielded, so the reader knows the line. */
export class NotText extends Error {}

/** Byte-order marks, which take precedence over the encoding of the flags. */
const MARKS = [
  { encoding: 'utf-8', mark: Buffer.from([0xef, 0xbb, 0xbf]) },
  { encoding: 'utf-16le', mark: Buffer.from([0xff, 0xfe]) },
  { encoding: 'utf-16be', mark: Buffer.from([0xfe, 0xff]) },
] as const

/** Text has no NULs, but UTF-16 that is read as UTF-8 has many. */
export const HAS_NULS = 'expected text, got NUL characters. If it is UTF-16, add --encoding utf-16le.'

/** @param encoding a label of `TextDecoder`; a byte-order mark takes precedence. Default UTF-8. */
export async function* textOf(input: Readable, name: string, encoding = 'utf-8'): AsyncGenerator<string, void> {
  let decode: Decode | undefined
  let held: Buffer = Buffer.alloc(0)
  try {
    for await (const bytes of input as AsyncIterable<Buffer>) {
      const all = held.length === 0 ? bytes : Buffer.concat([held, bytes])
      if (decode === undefined && MARKS.some(({ mark }) => all.length < mark.length && isStart(all, mark))) {
        held = all
        continue
      }
      held = Buffer.alloc(0)
      decode ??= decoderFor(all, encoding)
      yield* decode(all, false)
    }
    yield* (decode ?? decoderFor(held, encoding))(held, true)
  } catch (error) {
    if (error instanceof NotText) throw error
    throw unreadable(name, error)
  }
}

/** Yields the text before invalid bytes, then throws. */
type Decode = (bytes: Buffer, isLast: boolean) => Generator<string, void>

const isStart = (bytes: Buffer, mark: Buffer): boolean => bytes.equals(mark.subarray(0, bytes.length))

function decoderFor(first: Buffer, encoding: string): Decode {
  const marked = MARKS.find(({ mark }) => isStart(first.subarray(0, mark.length), mark) && first.length >= mark.length)
  // The canonical name, so that `utf8` is recognized as UTF-8.
  const known = marked?.encoding ?? new TextDecoder(encoding).encoding
  return known === 'utf-8' ? utf8(marked?.mark.length ?? 0) : legacy(known)
}

/** Uses Node's own check and conversion, which are many times as fast as a streaming TextDecoder. */
function utf8(markLength: number): Decode {
  let rest: Buffer = Buffer.alloc(0)
  let skip = markLength
  return function* (bytes, isLast) {
    const all = (rest.length === 0 ? bytes : Buffer.concat([rest, bytes])).subarray(skip)
    skip = 0
    const whole = isLast ? all : all.subarray(0, wholeLength(all))
    rest = all.subarray(whole.length)
    if (isUtf8(whole)) return yield whole.toString()
    yield whole.subarray(0, validLength(whole)).toString()
    throw new NotText('expected UTF-8, got invalid bytes. Name the encoding, for example --encoding windows-1252.')
  }
}

/** The length without an incomplete sequence at the end. */
function wholeLength(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number
    if (byte < 0x80) return bytes.length
    if (byte < 0xc0) continue
    const needed = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
    return back < needed ? bytes.length - back : bytes.length
  }
  return bytes.length
}

/** The number of bytes before the first invalid one. */
function validLength(bytes: Buffer): number {
  let low = 0
  let high = bytes.length
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const part = bytes.subarray(0, middle)
    if (isUtf8(part.subarray(0, wholeLength(part)))) low = middle
    else high = middle - 1
  }
  return wholeLength(bytes.subarray(0, low))
}

function legacy(encoding: string): Decode {
  const decoder = new TextDecoder(encoding)
  return function* (bytes, isLast) {
    const text = decoder.decode(bytes, { stream: !isLast })
    const bad = text.indexOf('\uFFFD')
    if (bad === -1) return yield text
    yield text.slice(0, bad)
    throw new NotText(`expected text in ${encoding}, got invalid bytes. Name the right encoding with --encoding.`)
  }
}
