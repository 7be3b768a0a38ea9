/**
 * Reads a section of field lines up to and including the empty line after them: the fields of a head, or the trailers
 * of a chunked body (RFC 9112 §5, §7.1.2).
 *
 * Strict: no folded line, no blank before the colon, no bare CR or LF, no control character. A section may arrive in
 * any number of pieces. Each byte is scanned once; what has arrived is kept until the section is complete.
 */
import { IS_TEXT, IS_TOKEN } from './bytes.ts'
import { COLON, CR, LF, SP, TAB } from '../../core/ascii.ts'
import { wireProblem } from './problem.ts'
import type { WireProblem } from './problem.ts'
import type { HeaderList } from '../../core/headers.ts'

export interface FieldLimits {
  /** Limit for the whole section, including line ends. */
  readonly maxBytes: number
  readonly maxFields: number
}

type FieldsState = 'line' | 'name' | 'blank' | 'value' | 'line-end' | 'last-end' | 'done'

/** Lower-case names by their original spelling, because responses use the same few names. */
const LOWER_CASE_NAMES = new Map<string, string>()
const MAX_REMEMBERED_NAMES = 1_000
const MAX_REMEMBERED_LENGTH = 64

function lowerCaseName(name: string): string {
  if (name.length > MAX_REMEMBERED_LENGTH) return name.toLowerCase()
  const known = LOWER_CASE_NAMES.get(name)
  if (known !== undefined) return known
  if (LOWER_CASE_NAMES.size >= MAX_REMEMBERED_NAMES) return name.toLowerCase()
  // A copy: a part of a string keeps the whole in memory, which here is the head of a response.
  const copy = Buffer.from(name, 'latin1').toString('latin1')
  const lower = copy.toLowerCase()
  LOWER_CASE_NAMES.set(copy, lower)
  return lower
}

/** The name of a section in messages. */
export type Section = 'head' | 'trailers'

export function tooLargeHead(section: Section, maxBytes: number): WireProblem {
  return wireProblem('too_large/headers', [
    `expected ${section === 'head' ? 'a head' : 'trailers'} of at most ${maxBytes} bytes, got more. Raise `,
    { option: 'maxHeaderBytes' },
    ' if that is intended',
  ])
}

export class FieldReader {
  readonly #limits: FieldLimits
  readonly #section: Section
  #state: FieldsState = 'line'
  /** What has arrived of the section in earlier pieces. */
  #kept: Buffer | undefined
  #keptBytes = 0
  /** Offsets of the start and end of each name and value within the section. */
  readonly #marks: number[] = []
  /** End of the current value so far, without trailing blanks. */
  #valueEnd = 0
  /** The whole section, once it is complete. */
  #text = ''

  constructor(limits: FieldLimits, section: Section) {
    this.#limits = limits
    this.#section = section
  }

  /**
   * Continues with `bytes` from `from`.
   *
   * @returns the index after the section; -1 if all bytes are used and more must follow; or why the section is refused
   */
  read(bytes: Buffer, from: number, end: number): number | WireProblem {
    const before = this.#keptBytes
    // The common case: the whole section is in this piece, and is read without copying.
    const section = before === 0 ? bytes : this.#keep(bytes, from, end)
    const start = before === 0 ? from : 0
    const limit = before === 0 ? end : this.#keptBytes
    const stop = this.#scan(section, start, start + before, Math.min(limit, start + this.#limits.maxBytes))
    if (typeof stop !== 'number') return stop
    if (this.#state === 'done') {
      this.#text = section.toString('latin1', start, stop)
      return from + (stop - start - before)
    }
    if (limit - start >= this.#limits.maxBytes) {
      return tooLargeHead(this.#section, this.#limits.maxBytes)
    }
    if (before === 0) this.#keep(bytes, from, end)
    return -1
  }

  /** Names in lower case and values, in order. MUST be called only once the section is complete. */
  list(): HeaderList {
    const list: string[] = []
    const text = this.#text
    const marks = this.#marks
    for (let i = 0; i < marks.length; i += 4) {
      list.push(lowerCaseName(text.slice(marks[i], marks[i + 1])), text.slice(marks[i + 2], marks[i + 3]))
    }
    return list
  }

  #keep(bytes: Buffer, from: number, end: number): Buffer {
    const total = this.#keptBytes + end - from
    let kept = this.#kept
    if (kept === undefined || kept.byteLength < total) {
      const grown = Buffer.allocUnsafeSlow(Math.max(1_024, 2 * total))
      kept?.copy(grown, 0, 0, this.#keptBytes)
      kept = this.#kept = grown
    }
    bytes.copy(kept, this.#keptBytes, from, end)
    this.#keptBytes = total
    return kept
  }

  /** Scans from `from` to `end`; marks are relative to `start`. Returns where it stopped. */
  #scan(bytes: Buffer, start: number, from: number, end: number): number | WireProblem {
    let at = from
    let state = this.#state
    let valueEnd = this.#valueEnd
    const marks = this.#marks
    while (at < end && state !== 'done') {
      const byte = bytes[at] as number
      switch (state) {
        case 'line':
          if (byte === CR) state = 'last-end'
          else if (IS_TOKEN[byte] === 0) return this.#malformed(byte, 'a field name')
          else {
            if (marks.length >= 4 * this.#limits.maxFields) return this.#tooMany()
            marks.push(at - start)
            state = 'name'
          }
          at++
          break
        case 'name':
          while (at < end && IS_TOKEN[bytes[at] as number] === 1) at++
          if (at === end) break
          if (bytes[at] !== COLON) return this.#malformed(bytes[at] as number, 'a colon after a field name')
          marks.push(at - start)
          at++
          state = 'blank'
          break
        case 'blank':
          if (byte === SP || byte === TAB) at++
          else {
            marks.push(at - start)
            valueEnd = at - start
            state = 'value'
          }
          break
        case 'value':
          for (let next = byte; at < end && IS_TEXT[next] === 1; next = bytes[++at] as number) {
            if (next !== SP && next !== TAB) valueEnd = at + 1 - start
          }
          if (at === end) break
          if (bytes[at] !== CR) return this.#malformed(bytes[at] as number, 'a field value')
          marks.push(valueEnd)
          at++
          state = 'line-end'
          break
        case 'line-end':
          if (byte !== LF) return this.#malformed(byte, 'a line feed after a carriage return')
          at++
          state = 'line'
          break
        case 'last-end':
          if (byte !== LF) return this.#malformed(byte, 'a line feed after a carriage return')
          this.#state = 'done'
          return at + 1
      }
    }
    this.#state = state
    this.#valueEnd = valueEnd
    return at
  }

  #malformed(byte: number, expected: string): WireProblem {
    const shown = `0x${byte.toString(16).padStart(2, '0')}`
    return wireProblem(
      this.#section === 'head' ? 'protocol/malformed_head' : 'protocol/chunk',
      `the ${this.#section} of the response is not valid HTTP: expected ${expected}, got byte ${shown}`,
    )
  }

  #tooMany(): WireProblem {
    const { maxFields } = this.#limits
    return wireProblem('too_large/headers', `the ${this.#section} of the response has more than ${maxFields} fields`)
  }
}
