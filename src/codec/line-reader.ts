/**
 * JSON lines, one value a line; or a JSON text sequence (RFC 7464), which begins with a record separator and has one
 * before each value.
 */
import { itemJson, isBlank } from './item-json.ts'
import { tooLong } from './item-reader.ts'
import type { Found, ItemReader } from './item-reader.ts'
import { Tail } from './tail.ts'
import { decodeText, decodeUtf8, isUtf8Label } from './text.ts'
import { byteOrderMark, charsetOf } from '../core/charset.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault, Reply } from '../core/result.ts'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const RECORD_SEPARATOR = 0x1e
/** A byte-order mark and a carriage return do not count towards the size of a line. */
const UNCOUNTED_BYTES = 4
const NOTHING = Buffer.alloc(0)

export interface LineLimits {
  readonly maxItemBytes: number
  readonly maxJsonDepth: number
  warn(warning: string): void
}

export class LineReader implements ItemReader {
  readonly #head: Reply
  readonly #limits: LineLimits
  readonly #charset: string | undefined
  readonly #tail = new Tail()
  #separator: number | undefined
  #piece: Buffer = NOTHING
  #from = 0
  #at = 0
  #isComplete = false
  #isOver = false

  constructor(head: Reply, limits: LineLimits) {
    this.#head = head
    this.#limits = limits
    this.#charset = charsetOf(head.headers)
  }

  get unit(): string {
    return this.#separator === RECORD_SEPARATOR ? 'text' : 'line'
  }

  push(piece: Uint8Array): void {
    if (piece.byteLength === 0) return
    this.#piece = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    this.#from = 0
    if (this.#separator !== undefined) return
    this.#separator = piece[0] === RECORD_SEPARATOR ? RECORD_SEPARATOR : LINE_FEED
    // What is before the first separator of a sequence is no text of it.
    if (this.#separator === RECORD_SEPARATOR) this.#at = -1
  }

  finish(): void {
    this.#isComplete = true
  }

  next(): Found | Fault | undefined {
    while (!this.#isOver) {
      const bytes = this.#line()
      if (bytes === undefined) return undefined
      const found = isFault(bytes) ? bytes : this.#read(bytes)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The bytes of the next line; undefined until its end has arrived. */
  #line(): Buffer | Fault | undefined {
    this.#skipEmpty()
    const end = this.#separator === undefined ? -1 : this.#piece.indexOf(this.#separator, this.#from)
    if (end === -1) {
      this.#tail.add(this.#piece.subarray(this.#from))
      this.#piece = NOTHING
      this.#from = 0
      if (this.#tail.bytes > this.#limits.maxItemBytes + UNCOUNTED_BYTES) return this.#tooLong(this.#at + 1)
      if (!this.#isComplete) return undefined
      this.#isOver = true
      if (this.#tail.bytes === 0) return undefined
      this.#at++
      return this.#tail.take(NOTHING)
    }
    const bytes = this.#tail.take(this.#piece.subarray(this.#from, end))
    this.#from = end + 1
    this.#at++
    return bytes
  }

  /** Lines without a byte, which cost a server nothing. */
  #skipEmpty(): void {
    if (this.#tail.bytes > 0 || this.#separator === undefined) return
    while (this.#piece[this.#from] === this.#separator) {
      this.#from++
      this.#at++
    }
  }

  /** The value of a line; undefined if it is blank. */
  #read(line: Buffer): Found | Fault | undefined {
    const at = this.#at
    const mark = at <= 1 ? byteOrderMark(line) : undefined
    const charset = mark ?? this.#charset
    if (charset !== undefined && WIDE.test(charset)) {
      return fault('parse/json', `${this.#where()}: expected UTF-8, got ${charset.toLowerCase()}`, { sent: true })
    }
    const counted = line.byteLength - (mark === undefined ? 0 : 3) - (line.at(-1) === CARRIAGE_RETURN ? 1 : 0)
    if (counted > this.#limits.maxItemBytes) return this.#tooLong(at)
    const text = this.#decode(line)
    if (isBlank(text)) return undefined
    const note = this.#isOver ? ' at the end of the body, which may be cut short' : ''
    const parsed = itemJson(text, this.#where, this.#limits.maxJsonDepth, note)
    if (isFault(parsed)) return parsed
    if (typeof parsed.value === 'number' && this.#mayBeCut(text)) return cutNumber(this.#where())
    return { value: parsed.value, at }
  }

  readonly #where = (): string => `${this.unit} ${this.#at}`

  /** The beginning of a number is a number, too (RFC 7464 §2.4). */
  #mayBeCut(text: string): boolean {
    if (!/\d$/.test(text)) return false
    return this.#separator === RECORD_SEPARATOR || (this.#isOver && this.#head.integrity === 'unverified')
  }

  #decode(line: Buffer): string {
    if (this.#charset === undefined || isUtf8Label(this.#charset)) {
      const text = decodeUtf8(line)
      if (!text.includes('\uFFFD')) return text
    }
    const { text, warning } = decodeText({ headers: this.#head.headers, body: line })
    if (warning !== undefined) this.#limits.warn(warning)
    return text
  }

  #tooLong(at: number): Fault {
    return tooLong(`${this.unit} ${Math.max(1, at)}`, this.#limits.maxItemBytes)
  }
}

/** Charsets in which a line feed is more than one byte. */
const WIDE = /^(?:utf-?16|utf-?32|ucs-?2|unicode)/i

function cutNumber(where: string): Fault {
  const message = `${where} is a number without a line feed behind it: the body may be cut within it`
  return fault('truncated/item', message, { sent: true })
}
