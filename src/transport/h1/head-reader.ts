/**
 * Reads the head of a response: its status line and its fields, in any number of pieces. Each byte is scanned once,
 * except those of a status line that arrives in several pieces.
 */
import { LF } from '../../core/ascii.ts'
import { FieldReader } from './fields.ts'
import type { FieldLimits } from './fields.ts'
import { wireProblem } from './problem.ts'
import type { WireProblem } from './problem.ts'
import { endOfLine, prefixProblem, readStatusLine } from './status-line.ts'
import type { StatusLine } from './status-line.ts'
import type { HeaderList } from '../../core/headers.ts'

export interface ResponseHead extends StatusLine {
  readonly headers: HeaderList
}

/** Longer status lines are refused. The head as a whole has its own limit. */
const MAX_LINE_BYTES = 8_192

export class HeadReader {
  readonly #limits: FieldLimits
  #line: StatusLine | undefined
  #fields: FieldReader
  /** A status line that arrives in several pieces. */
  #kept: Buffer | undefined

  constructor(limits: FieldLimits) {
    this.#limits = limits
    this.#fields = new FieldReader(limits, 'head')
  }

  /** Whether the first byte of a head has arrived. */
  get isBegun(): boolean {
    return this.#line !== undefined || this.#kept !== undefined
  }

  /**
   * Returns the head, and resets the reader for the next one. MUST be called only after `read` has returned an index.
   */
  take(): ResponseHead {
    const line = this.#line as StatusLine
    const head = { ...line, headers: this.#fields.list() }
    this.#line = undefined
    this.#fields = new FieldReader(this.#limits, 'head')
    return head
  }

  /**
   * Continues with `bytes` from `from`.
   *
   * @returns the index after the head; -1 if all bytes are used and more must follow; or why the head is refused
   */
  read(bytes: Buffer, from: number, end: number): number | WireProblem {
    if (this.#line !== undefined) return this.#fields.read(bytes, from, end)
    if (this.#kept !== undefined) return this.#readKept(bytes, from, end)
    const stop = this.#readLine(bytes, from, end)
    if (typeof stop !== 'number') return stop
    if (stop !== -1) return stop === end ? -1 : this.#fields.read(bytes, stop, end)
    this.#kept = Buffer.from(bytes.subarray(from, end))
    return -1
  }

  #readKept(bytes: Buffer, from: number, end: number): number | WireProblem {
    const kept = this.#kept as Buffer
    // Enough for the longest valid line and its line end. Any further bytes follow the line, or belong to a line that
    // is too long.
    const whole = Buffer.concat([kept, bytes.subarray(from, Math.min(end, from + MAX_LINE_BYTES + 2))])
    const stop = this.#readLine(whole, 0, whole.byteLength)
    if (typeof stop !== 'number') return stop
    if (stop === -1) {
      this.#kept = whole
      return -1
    }
    this.#kept = undefined
    const at = from + stop - kept.byteLength
    return at === end ? -1 : this.#fields.read(bytes, at, end)
  }

  /** The index after the line, or -1 if it is not complete. */
  #readLine(bytes: Buffer, from: number, end: number): number | WireProblem {
    const wrong = prefixProblem(bytes, from, end)
    if (wrong !== undefined) return wrong
    const stop = endOfLine(bytes, from, end)
    if (typeof stop !== 'number') return stop
    if (stop - from > MAX_LINE_BYTES) {
      return wireProblem('too_large/headers', `the status line of the response is longer than ${MAX_LINE_BYTES} bytes`)
    }
    if (stop + 1 >= end) return -1
    if (bytes[stop + 1] !== LF) {
      return wireProblem('protocol/malformed_head', 'the status line of the response has a bare carriage return')
    }
    const line = readStatusLine(bytes, from, stop)
    if ('code' in line) return line
    this.#line = line
    return stop + 2
  }
}
