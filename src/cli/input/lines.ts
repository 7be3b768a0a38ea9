/** Splits a text into numbered lines. LF, CRLF and CR end a line and are not part of it. */
import type { Readable } from 'node:stream'
import { NotText, textOf } from './text.ts'
import { UsageError } from '../usage-error.ts'
import { formatSize } from '../../config/size.ts'

export interface Line {
  readonly text: string
  /** From 1. */
  readonly line: number
}

/** A line that exceeds the limit. Its text is dropped. */
export interface LongLine {
  readonly problem: string
  readonly line: number
}

export interface TextFormat {
  /** A label of `TextDecoder`; undefined is UTF-8. */
  readonly encoding: string | undefined
  /** Maximum number of characters in a line. */
  readonly maxLine: number
}

/** Yields one batch of lines per chunk of the input, because a promise per line would cost more than the line. */
export async function* linesOf(
  input: Readable,
  name: string,
  { encoding, maxLine }: TextFormat,
): AsyncGenerator<readonly (Line | LongLine)[], void> {
  let line = 0
  // Pieces of the current line. Concatenating them for every chunk would make a long line quadratic.
  let pieces: string[] = []
  let held = 0
  let isTooLong = false
  let endsInCr = false
  try {
    for await (const piece of textOf(input, name, encoding)) {
      const text = endsInCr && piece.startsWith('\n') ? piece.slice(1) : piece
      if (piece !== '') endsInCr = piece.endsWith('\r')
      const texts = text.includes('\r') ? text.split(/\r\n|[\r\n]/) : text.split('\n')
      const rest = texts.pop() ?? ''
      const lines: (Line | LongLine)[] = []
      for (const one of texts) {
        line++
        const whole = held === 0 ? one : pieces.join('') + one
        if (!isTooLong) lines.push(whole.length > maxLine ? longLine(line, maxLine) : { text: whole, line })
        pieces = []
        held = 0
        isTooLong = false
      }
      if (rest !== '' && !isTooLong) {
        pieces.push(rest)
        held += rest.length
        isTooLong = held > maxLine
        // Reported at once, because the line may never end. The rest of the line is skipped.
        if (isTooLong) {
          lines.push(longLine(line + 1, maxLine))
          pieces = []
          held = 0
        }
      }
      yield lines
    }
  } catch (error) {
    // Only errors of the input arrive here, never those of the consumer.
    if (error instanceof NotText) throw new UsageError(`${name}:${line + 1}: ${error.message}`)
    throw error
  }
  if (held > 0) yield [{ text: pieces.join(''), line: line + 1 }]
}

const longLine = (line: number, maxLine: number): LongLine => ({ problem: tooLong('a line', maxLine), line })

export const tooLong = (what: string, maxLine: number): string =>
  `expected ${what} of at most ${formatSize(maxLine)}, got a longer one. Raise --max-line if that is intended.`
