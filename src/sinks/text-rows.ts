/** A text sink: collects the rows of one turn of the event loop and writes them as one chunk. */
import { isUnsent } from '../core/unsent-outcome.ts'
import type { Outcome } from '../core/outcome.ts'
import type { Sink } from '../core/sink.ts'
import { Batches } from './batches.ts'
import { openSinkOutput } from './output.ts'
import type { SinkOutput } from './output.ts'
import type { FileOptions } from './file-output.ts'

/** One chunk: large enough to be cheap, small enough to be in memory twice. */
const LIMITS = { maxRows: 10_000, maxSize: 1_048_576, delayMs: 0 } as const

export interface Text<Row> {
  /** Throws a RowError if the outcome cannot be written as a row. */
  rowOf(outcome: Outcome): Row
  /** Approximate number of characters. */
  sizeOf(row: Row): number
  /** The rows as lines, each with its line break. */
  textOf(rows: readonly Row[]): string
  /** First line of a new file, with its line break; empty for none. */
  readonly header: string
}

export class TextRows<Row> implements Sink {
  readonly #text: Text<Row>
  readonly #batches: Batches<Row>
  readonly #output: SinkOutput
  /** Text that must come before the next row. */
  #before: string

  /**
   * @param sink its name in messages
   */
  constructor(sink: string, target: unknown, options: FileOptions, text: Text<Row>) {
    this.#text = text
    const output = openSinkOutput(sink, target, options, error => this.#batches.fail(error))
    this.#output = output
    this.#before = output.firstLine === '' ? text.header : output.torn ? '\n' : ''
    this.#batches = new Batches(output.name, rows => this.#write(text.textOf(rows)), LIMITS)
  }

  /** First line of the existing content that is kept; empty for a new file. */
  get firstLine(): string {
    return this.#output.firstLine
  }

  write(outcome: Outcome): Promise<void> {
    if (isUnsent(outcome)) return Promise.resolve()
    let row: Row
    try {
      row = this.#text.rowOf(outcome)
    } catch (error) {
      return Promise.reject(error)
    }
    return this.#batches.add(row, this.#text.sizeOf(row))
  }

  async close(): Promise<void> {
    try {
      await this.#batches.close()
      // A run without rows still gets a header.
      if (this.#before !== '\n' && this.#before !== '') await this.#write('')
    } catch (error) {
      this.#batches.fail(error)
    }
    try {
      await this.#output.close()
    } catch (error) {
      this.#batches.fail(error)
    }
    await this.#batches.close()
  }

  async #write(text: string): Promise<void> {
    await this.#output.write(Buffer.from(this.#before + text))
    this.#before = ''
  }
}
