/**
 * The records of a CSV or TSV text that comes in pieces, each as soon as its line ends. Line ends may be mixed (LF, CRLF,
 * CR), a quote within a cell that has none around it is a character like any other, and a record that is not well formed
 * is told apart from the others instead of ending them. Why it is not a library:
 * docs/design/decisions/0080-own-csv-reader.md
 */
import { tooLong } from './lines.ts'

export interface TableFormat {
  /** One character. */
  readonly delimiter: string
  /** Whether a flag or the format set the delimiter: then a first line `sep=;` may not change it. */
  readonly isFixed: boolean
  /** Whether cells may be in quotes: those of tab-separated values are as they are. */
  readonly hasQuotes: boolean
  /** Characters that a record may have. */
  readonly maxLine: number
}

export interface TableRecord {
  readonly cells: readonly string[]
  /** On which it begins, from 1. */
  readonly line: number
  /** Why it is not well formed. */
  readonly problem?: string | undefined
}

/** Ends the reading, because the beginning of the next record is unknown. */
export interface Failure {
  readonly problem: string
  readonly line: number
}

const QUOTE = 0x22
const LF = 0x0a
const CR = 0x0d
/** Blanks that may stand before an opening quote. The bound keeps a cell of many quotes linear. */
const MAX_BLANKS = 100

type Mode = 'start' | 'bare' | 'quoted' | 'closed'

export class RecordReader {
  readonly #format: TableFormat
  #delimiter: number
  /** Where in a cell the reader is: before it, in it, within its quotes, or after the one that may have closed them. */
  #mode: Mode = 'start'
  /** Of the present cell, what came in earlier pieces or before a doubled quote. */
  #cell = ''
  #cells: string[] = []
  #problem: string | undefined
  /** Whether the present record has a quoted cell: then it is no line of blanks. */
  #isQuoted = false
  /** Characters of the present record in earlier pieces. */
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

  /** Where the present record begins. */
  get line(): number {
    return this.#recordLine
  }

  /** After this no more is read. */
  get failure(): Failure | undefined {
    return this.#failure
  }

  /** The records that end in this piece. */
  read(text: string): TableRecord[] {
    const records: TableRecord[] = []
    let mode = this.#mode
    /** Where the part of the cell begins that is not in `#cell` yet. */
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
          // Doubled: the second is part of the cell.
          mode = 'quoted'
          from = at
          continue
        }
        if (!isLineEnd && code !== this.#delimiter) {
          this.#problem ??= 'expected the end of the cell after its closing quote, got more. Double quotes within it.'
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

  /** The last record, where the text does not end with a line end. */
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

  /** Whether only blanks precede this quote in its cell, so that it was meant to open the cell. */
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

  /** Spreadsheets write `sep=;` as the first line to name the delimiter. */
  #isSeparatorLine(cells: readonly string[]): boolean {
    // With the separator itself for the delimiter there is an empty cell behind it.
    if (cells.length > 2) return false
    const given = String.fromCharCode(this.#delimiter)
    const [, separator] = /^sep=([^"\r\n])$/i.exec(cells.join(given)) ?? []
    if (separator === undefined) return false
    if (this.#format.isFixed && separator !== given) {
      const shown = separator === '\t' ? 'tab' : separator
      this.#failure = {
        problem: `expected cells as asked for, got a line 'sep=${shown}' that says otherwise. Leave out one of the two.`,
        line: this.#recordLine,
      }
    }
    this.#delimiter = separator.charCodeAt(0)
    return true
  }

  #failTooLong(): void {
    const remedy = this.#mode === 'quoted' ? ' Is a quote missing?' : ''
    this.#failure = { problem: tooLong('row', this.#format.maxLine) + remedy, line: this.#recordLine }
  }
}
