/**
 * The elements of a JSON array, as texts with the line that each begins in. Only the ends of elements are looked for; what
 * is inside is parsed by the reader of JSON lines, one element at a time, so an array of any size takes little memory.
 */
import type { Readable } from 'node:stream'
import { tooLong } from './lines.ts'
import type { Line, LongLine, TextFormat } from './lines.ts'
import { NotText, textOf } from './text.ts'
import { UsageError } from '../usage-error.ts'
import { BACKSLASH, CR, LF, QUOTE, SP, TAB } from '../../core/ascii.ts'
import { printable } from '../../core/printable.ts'

const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const COMMA = 0x2c

/**
 * Yields one batch of elements per chunk of the input. Throws a UsageError where the input is no array; what came before
 * has been handed out by then.
 */
export async function* elementsOf(
  input: Readable,
  name: string,
  { encoding, maxLine }: TextFormat,
): AsyncGenerator<readonly (Line | LongLine)[], void> {
  const scanner = new Scanner(maxLine)
  try {
    for await (const piece of textOf(input, name, encoding)) {
      const elements: (Line | LongLine)[] = []
      const problem = scanner.scan(piece, elements)
      // What is in front of the mistake is complete.
      yield elements
      if (problem !== undefined) throw new NotText(problem)
    }
    const problem = scanner.end()
    if (problem !== undefined) throw new NotText(problem)
  } catch (error) {
    if (error instanceof NotText) throw new UsageError(`${name}:${scanner.line}: ${error.message}`)
    throw error
  }
}

/** What comes next. `first`: an element or the end of the array; `next`: an element; `after`: a comma or the end. */
type Place = 'start' | 'first' | 'next' | 'inside' | 'after' | 'end'

class Scanner {
  line = 1
  readonly #maxLine: number
  #place: Place = 'start'
  /** The element so far, without what is in the present piece. */
  #held: string[] = []
  #length = 0
  #begunAtLine = 0
  #depth = 0
  #string: 'none' | 'inside' | 'escaped' = 'none'
  #isTooLong = false

  constructor(maxLine: number) {
    this.#maxLine = maxLine
  }

  /** Returns what is wrong. */
  scan(text: string, elements: (Line | LongLine)[]): string | undefined {
    let from = 0
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (unit === LF) this.line++
      if (this.#place === 'inside') {
        const end = this.#endAfter(unit)
        if (end === 'none') continue
        this.#finish(text.slice(from, end === 'with' ? at + 1 : at), elements)
        // The comma or the bracket after a number belongs to the array.
        if (end === 'with') continue
      }
      if (isBlank(unit)) continue
      const place = this.#placeAfter(unit)
      if (place === undefined) return this.#expected(text.slice(at, at + 1))
      this.#place = place
      if (place !== 'inside') continue
      from = at
      this.#begunAtLine = this.line
      this.#endAfter(unit)
    }
    if (this.#place === 'inside') this.#hold(text.slice(from), elements)
    return undefined
  }

  /** Returns what is wrong if the text ends here. */
  end(): string | undefined {
    return this.#place === 'end' ? undefined : this.#expected('')
  }

  #placeAfter(unit: number): Place | undefined {
    switch (this.#place) {
      case 'start':
        return unit === OPEN_ARRAY ? 'first' : undefined
      case 'first':
        if (unit === CLOSE_ARRAY) return 'end'
        return unit === COMMA ? undefined : 'inside'
      case 'next':
        return unit === COMMA || unit === CLOSE_ARRAY ? undefined : 'inside'
      case 'after':
        return unit === COMMA ? 'next' : unit === CLOSE_ARRAY ? 'end' : undefined
      case 'inside':
      case 'end':
        return undefined
    }
  }

  /** Whether the element ends with this character, or before it. */
  #endAfter(unit: number): 'with' | 'before' | 'none' {
    if (this.#string === 'escaped') this.#string = 'inside'
    else if (this.#string === 'inside') {
      if (unit === BACKSLASH) this.#string = 'escaped'
      if (unit !== QUOTE) return 'none'
      this.#string = 'none'
      return this.#depth === 0 ? 'with' : 'none'
    } else if (unit === QUOTE) this.#string = 'inside'
    else if (unit === OPEN_ARRAY || unit === OPEN_OBJECT) this.#depth++
    else if (unit === CLOSE_ARRAY || unit === CLOSE_OBJECT) {
      if (this.#depth === 0) return 'before'
      if (--this.#depth === 0) return 'with'
    } else if (this.#depth === 0 && (unit === COMMA || isBlank(unit))) return 'before'
    return 'none'
  }

  #hold(text: string, elements: (Line | LongLine)[]): void {
    if (this.#isTooLong) return
    this.#held.push(text)
    this.#length += text.length
    if (this.#length <= this.#maxLine) return
    this.#isTooLong = true
    this.#held = []
    elements.push({ problem: tooLong('an element', this.#maxLine), line: this.#begunAtLine })
  }

  #finish(text: string, elements: (Line | LongLine)[]): void {
    this.#hold(text, elements)
    if (!this.#isTooLong) elements.push({ text: this.#held.join(''), line: this.#begunAtLine })
    this.#place = 'after'
    this.#held = []
    this.#length = 0
    this.#isTooLong = false
  }

  #expected(found: string): string {
    const got = found === '' ? 'the end of the input' : `'${printable(found)}'`
    switch (this.#place) {
      case 'start':
        return `expected a JSON array of requests, got ${got}. One request per line is --format jsonl.`
      case 'first':
      case 'next':
        return `expected a request of the array, got ${got}.`
      case 'inside':
        return `expected the rest of the element that begins in line ${this.#begunAtLine}, got ${got}.`
      case 'after':
        return `expected a comma or the end of the array, got ${got}.`
      case 'end':
        return `expected nothing after the array, got ${got}.`
    }
  }
}

const isBlank = (unit: number): boolean => unit === SP || unit === LF || unit === CR || unit === TAB
