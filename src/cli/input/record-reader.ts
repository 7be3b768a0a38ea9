/**
 * Parses CSV or TSV text in chunks and returns each record as soon as its line ends. Line ends may be mixed (LF, CRLF,
 * CR). A quote inside an unquoted cell is an ordinary character. A malformed record is marked and does not end the
 * reading. Why this is not a library: docs/design/decisions/0080-own-csv-reader.md
 */
import { tooLong } from './lines.ts'
import { CR, LF, QUOTE } from '../../core/ascii.ts'

export interface TableFormat {
  /** One character. */
  readonly delimiter: string
  /** Whether a flag or the format set the delimiter, so that a first line `sep=;` must not change it. */
  readonly isFixed: boolean
  /** Whether cells may be in quotes. TSV has no quotes. */
  readonly hasQuotes: boolean
  /** Maximum number of characters in a record. */
  readonly maxLine: number
}

export interface TableRecord {
  readonly cells: readonly string[]
  /** The line on which the record begins, from 1. */
  readonly line: number
  /** Why the record is malformed. */
  readonly problem?: string | undefined
}

/** An error that ends the reading, because the beginning of the next record is unknown. */
export interface Failure {
  readonly problem: string
  readonly line: number
}

/** How many blanks before a quote are checked. The bound keeps the time for a cell with many quotes linear. */
const MAX_BLANKS = 100

type Mode = 'start' | 'bare' | 'quoted' | 'closed'

export class RecordReader {
  readonly #format: TableFormat
  #delimiter: number
  /** The position in the cell: before it, in a bare cell, inside quotes, or after a quote that may have closed it. */
  #mode: Mode = 'start'
  /** The part of the current cell from earlier chunks or before a doubled quote. */
  #cell = ''
  #cells: string[] = []
  #problem: string | undefined
  /** Whether the current record has a quoted cell, so that it does not count as a blank line. */
  #isQuoted = false
  /** Characters of the current record in earlier chunks. */
  #held = 0
  #line = 1
  #recordLine = 1
  #quoteLine = 1
  #endedInCr = false
  #isFirst = true
  #failure: Failure | undefined

  constructor(format: TableFormat) {
    this.#format = format
    this.#delimiter = format.delimiter.charCodeAt(0)
  }

  /** The line on which the current record begins. */
  get line(): number {
    return this.#recordLine
  }

  /** The error that ended the reading. */
  get failure(): Failure | undefined {
    return this.#failure
  }

  /** Returns the records that end in this chunk. */
  read(text: string): TableRecord[] {
    const records: TableRecord[] = []
    let mode = this.#mode
    /** Start of the part of the cell that is not in `#cell` yet. */
    let from = 0
    let recordFrom = 0
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      const isLineEnd = code === LF || code === CR
      // The second half of a CRLF.
      const isHalf = code === LF && (at === 0 ? this.#endedInCr : text.charCodeAt(at - 1) === CR)
      if (mode === 'quoted') {
        if (code === QUOTE) {
          this.#cell += text.slice(from, at)
          mode = 'closed'
        } else if (isLineEnd && !isHalf) this.#line++
        continue
      }
      if (mode === 'start') {
        if (isHalf) {
          recordFrom = at + 1
          continue
        }
        mode = 'bare'
        from = at
        if (code === QUOTE && this.#format.hasQuotes) {
          mode = this.#open()
          from = at + 1
          continue
        }
      } else if (mode === 'closed') {
        if (code === QUOTE) {
          // A doubled quote: the second one belongs to the cell.
          mode = 'quoted'
          from = at
          continue
        }
        if (!isLineEnd && code !== this.#delimiter) {
          this.#problem ??=
            'expected the end of the cell after its closing quote, got more text. Double quotes inside it.'
          mode = 'bare'
        }
        from = at
      }
      if (code === this.#delimiter) {
        this.#cells.push(this.#cell + text.slice(from, at))
        this.#cell = ''
        mode = 'start'
      } else if (isLineEnd) {
        this.#cells.push(this.#cell + text.slice(from, at))
        this.#cell = ''
        mode = 'start'
        this.#line++
        this.#endRecord(this.#held + at - recordFrom, records)
        if (this.#failure !== undefined) return records
        recordFrom = at + 1
      } else if (code === QUOTE && this.#mayOpen(text, from, at)) {
        this.#problem ??= 'expected a quote at the beginning of its cell, got blanks before it. Remove them.'
        mode = this.#open()
        from = at + 1
      }
    }
    if (mode === 'bare' || mode === 'quoted') this.#cell += text.slice(from)
    this.#mode = mode
    if (text !== '') this.#endedInCr = text.charCodeAt(text.length - 1) === CR
    this.#held += text.length - recordFrom
    if (this.#held > this.#format.maxLine) this.#failTooLong()
    return records
  }

  /** Returns the last record if the text does not end with a line end. */
  end(): TableRecord[] {
    const records: TableRecord[] = []
    if (this.#mode === 'quoted') {
      this.#failure ??= {
        problem: 'expected a quote that closes the cell, got the end of the input.',
        line: this.#quoteLine,
      }
    } else if (this.#mode !== 'start' || this.#cells.length > 0) {
      this.#cells.push(this.#cell)
      this.#endRecord(this.#held, records)
    }
    return records
  }

  /** Whether only blanks precede this quote in its cell, so that it was probably meant to open the cell. */
  #mayOpen(text: string, from: number, at: number): boolean {
    const { hasQuotes } = this.#format
    if (!hasQuotes || this.#problem !== undefined || this.#cell.length + at - from > MAX_BLANKS) return false
    return (this.#cell + text.slice(from, at)).trim() === ''
  }

  #open(): Mode {
    this.#isQuoted = true
    this.#quoteLine = this.#line
    return 'quoted'
  }

  #endRecord(length: number, records: TableRecord[]): void {
    if (length > this.#format.maxLine) return this.#failTooLong()
    const cells = this.#cells
    const isNone = cells.length === 1 && !this.#isQuoted && cells[0]?.trim() === ''
    if (!isNone && !(this.#isFirst && this.#isSeparatorLine(cells))) {
      records.push({ cells, line: this.#recordLine, problem: this.#problem })
    }
    if (!isNone) this.#isFirst = false
    this.#cells = []
    this.#problem = undefined
    this.#isQuoted = false
    this.#held = 0
    this.#recordLine = this.#line
  }

  /** Reads a first line `sep=;`, with which spreadsheets name the delimiter. */
  #isSeparatorLine(cells: readonly string[]): boolean {
    // If the separator is the current delimiter, an empty cell follows it.
    if (cells.length > 2) return false
    const given = String.fromCharCode(this.#delimiter)
    const [, separator] = /^sep=([^"\r\n])$/i.exec(cells.join(given)) ?? []
    if (separator === undefined) return false
    if (this.#format.isFixed && separator !== given) {
      const shown = separator === '\t' ? 'tab' : separator
      this.#failure = {
        problem: `expected the delimiter of the flags, got a line 'sep=${shown}'. Leave out one of the two.`,
        line: this.#recordLine,
      }
    }
    this.#delimiter = separator.charCodeAt(0)
    return true
  }

  #failTooLong(): void {
    const remedy = this.#mode === 'quoted' ? ' Is a quote missing?' : ''
    this.#failure = { problem: tooLong('a row', this.#format.maxLine) + remedy, line: this.#recordLine }
  }
}
