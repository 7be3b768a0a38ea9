/** A sink of text: rows gathered for a turn of the event loop, made into one text, and written in one piece. */
import { isUnsent } from '../core/unsent-outcome.ts'
import type { Outcome } from '../core/outcome.ts'
import type { Sink } from '../core/sink.ts'
import { Batches } from './batches.ts'
import { openOutput } from './output.ts'
import type { Output } from './output.ts'
import type { FileOptions } from './file-output.ts'

/** One piece: large enough to be cheap, small enough to be held twice. */
const LIMITS = { maxRows: 10_000, maxSize: 1_048_576, delayMs: 0 } as const

export interface Text<Row> {
  /** Throws a RowError for what cannot be a row. */
  rowOf(outcome: Outcome): Row
  /** Characters, roughly. */
  sizeOf(row: Row): number
  /** Rows as lines, each with its line break. */
  textOf(rows: readonly Row[]): string
  /** A first line, with its line break; empty for none. */
  readonly header: string
}

export class TextRows<Row> implements Sink {
  readonly #text: Text<Row>
  readonly #batches: Batches<Row>
  readonly #output: Output
  /** What has to come before the next row. */
  #before: string

  /** @param sink its name, for messages */
  constructor(sink: string, target: unknown, options: FileOptions, text: Text<Row>) {
    this.#text = text
    const output = openOutput(sink, target, options, error => this.#batches.fail(error))
    this.#output = output
    this.#before = output.firstLine === '' ? text.header : output.torn ? '\n' : ''
    this.#batches = new Batches(output.name, rows => this.#write(text.textOf(rows)), LIMITS)
  }

  /** The first line of what was there and stays; empty when the sink begins anew. */
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
      // Without a single row there is still a first line.
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
