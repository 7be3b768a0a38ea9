/**
 * Reads a chunked body (RFC 9112 §7.1): removes the framing, passes on the data, reads the trailers. Strict: sizes have
 * hexadecimal digits only, and CR LF follows each line and each chunk. Extensions are checked, counted and dropped.
 */
import { HEX_VALUES, IS_TEXT } from './bytes.ts'
import { CR, LF, SEMICOLON, SP, TAB } from '../../core/ascii.ts'
import { FieldReader } from './fields.ts'
import type { FieldLimits } from './fields.ts'
import { wireProblem } from './problem.ts'
import type { WireProblem } from './problem.ts'
import type { HeaderList } from '../../core/headers.ts'

export interface ChunkLimits {
  /** Limit for all extensions of one body together. */
  readonly maxExtensionBytes: number
  readonly trailers: FieldLimits
}

type ChunkedState = 'size' | 'padding' | 'extension' | 'size-end' | 'data' | 'data-cr' | 'data-lf' | 'trailers' | 'done'

/** Thirteen hexadecimal digits are the most that a number represents exactly. */
const MAX_SIZE_DIGITS = 13

export class ChunkReader {
  readonly #limits: ChunkLimits
  #state: ChunkedState = 'size'
  #digits = 0
  #left = 0
  #extensionBytes = 0
  readonly #trailers: FieldReader

  constructor(limits: ChunkLimits) {
    this.#limits = limits
    this.#trailers = new FieldReader(limits.trailers, 'trailers')
  }

  get isDone(): boolean {
    return this.#state === 'done'
  }

  trailers(): HeaderList {
    return this.#trailers.list()
  }

  /**
   * Continues with `bytes` from `from`, and calls `take` with each range of `bytes` that is data.
   *
   * @returns the index after the body; `end` if more must follow (see `isDone`); or why the body is refused
   */
  read(bytes: Buffer, from: number, end: number, take: (from: number, end: number) => void): number | WireProblem {
    let at = from
    while (at < end) {
      const byte = bytes[at] as number
      switch (this.#state) {
        case 'size': {
          const wrong = this.#readSize(byte)
          if (wrong !== undefined) return wrong
          at++
          break
        }
        case 'padding':
          if (byte === CR) this.#state = 'size-end'
          else if (byte === SEMICOLON) this.#state = 'extension'
          else if (byte !== SP && byte !== TAB) return badChunk(byte, 'the end of a chunk size')
          at++
          break
        case 'extension':
          if (byte === CR) this.#state = 'size-end'
          else if (IS_TEXT[byte] === 0) return badChunk(byte, 'a chunk extension')
          else if (++this.#extensionBytes > this.#limits.maxExtensionBytes) return this.#tooManyExtensions()
          at++
          break
        case 'size-end':
          if (byte !== LF) return badChunk(byte, 'a line feed after the size of a chunk')
          this.#digits = 0
          this.#state = this.#left === 0 ? 'trailers' : 'data'
          at++
          break
        case 'data': {
          const stop = Math.min(end, at + this.#left)
          take(at, stop)
          this.#left -= stop - at
          at = stop
          if (this.#left === 0) this.#state = 'data-cr'
          break
        }
        case 'data-cr':
          if (byte !== CR) return badChunk(byte, 'a carriage return after a chunk')
          this.#state = 'data-lf'
          at++
          break
        case 'data-lf':
          if (byte !== LF) return badChunk(byte, 'a line feed after a chunk')
          this.#state = 'size'
          at++
          break
        case 'trailers': {
          const stop = this.#trailers.read(bytes, at, end)
          if (typeof stop !== 'number') return stop
          if (stop === -1) return end
          this.#state = 'done'
          return stop
        }
        case 'done':
          return at
      }
    }
    return at
  }

  #readSize(byte: number): WireProblem | undefined {
    const digit = HEX_VALUES[byte] as number
    if (digit !== 255) {
      if (++this.#digits > MAX_SIZE_DIGITS) return wireProblem('protocol/chunk', 'the size of a chunk is too large')
      this.#left = this.#left * 16 + digit
      return undefined
    }
    if (this.#digits === 0) return badChunk(byte, 'the size of a chunk')
    if (byte === CR) this.#state = 'size-end'
    else if (byte === SEMICOLON) this.#state = 'extension'
    // Blanks may precede an extension (RFC 9112 §7.1.1), and some servers pad sizes with them.
    else if (byte === SP || byte === TAB) this.#state = 'padding'
    else return badChunk(byte, 'the size of a chunk')
    return undefined
  }

  #tooManyExtensions(): WireProblem {
    const { maxExtensionBytes } = this.#limits
    return wireProblem('too_large/wire', `the chunks have more than ${maxExtensionBytes} bytes of extensions`)
  }
}

function badChunk(byte: number, expected: string): WireProblem {
  const shown = `0x${byte.toString(16).padStart(2, '0')}`
  return wireProblem('protocol/chunk', `the chunked body is not valid: expected ${expected}, got byte ${shown}`)
}
