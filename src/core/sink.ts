/**
 * The output of a run whose outcomes are not kept in memory: the port behind `drain(urls, { sink })`, and its two
 * errors.
 *
 * A SinkError (or any other error) ends the run. A RowError loses one row, and the run goes on.
 */
import type { Outcome } from './outcome.ts'
import { printable } from './printable.ts'
import { sayProblem } from './problem.ts'
import type { Problem } from './problem.ts'
import { systemReason } from './system-reason.ts'

/**
 * Stores the outcomes of a run. A sink belongs to one run, which closes it at its end.
 *
 * Calls of `write` overlap: the run does not wait for one before it makes the next. A sink MAY gather several rows into
 * one operation. If the output has an order, rows MUST be in the order of the calls. A run has at most `window` writes
 * open, so a slow sink slows the run down (back-pressure). A sink MUST NOT wait for a further call before it settles
 * one.
 *
 * `write` MUST resolve only after the row survives the end of this process, and MUST reject if the row cannot be
 * stored: the run counts a request as done when its `write` resolves. The run never calls `write` after `close`.
 *
 * A rejection means that the output is broken: the run stops sending, and every later `write` MUST reject with the same
 * error. The exception is a `RowError`, which loses this row only.
 *
 * The run calls `close` once, also after a failure and while writes are open. `close` MUST resolve only after every row
 * is stored, MUST reject with the error of the output if there was one, and MUST close everything that the sink opened
 * itself. A stream that the sink was given belongs to the caller, who closes it.
 *
 * A sink MUST NOT reveal secrets: it writes `outcome.request.url`, in which they are redacted.
 *
 * `T` is the type of the values. In `drain` it follows from `schema`, `parseFunc` and `returnType`.
 *
 * @example
 * const statuses = new Map<number | undefined, number>()
 * const sink: Sink = {
 *   write: ({ response }) => void statuses.set(response?.status, (statuses.get(response?.status) ?? 0) + 1),
 *   close: () => console.log(statuses),
 * }
 */
export interface Sink<T = unknown> {
  /** Stores one outcome. Resolves when its row survives the end of this process. */
  write(outcome: Outcome<T>): void | Promise<void>
  /** Called once, at the end of the run. Resolves when every row is stored. */
  close(): void | Promise<void>
}

/**
 * The output of a sink is broken: disk full, reader gone, stream closed. `code` is the system's code: `ENOSPC`, `EPIPE`
 * …
 *
 * @example
 * try {
 *   await client.drain(urls, { sink: jsonLines('results.jsonl') })
 * } catch (error) {
 *   if (error instanceof SinkError && error.code === 'ENOSPC') console.error('the disk is full after', error.rows)
 * }
 */
export class SinkError extends Error {
  static {
    this.prototype.name = 'SinkError'
  }
  /** The code of the system, such as `ENOSPC`. */
  readonly code: string
  /** The number of rows that were stored before the error. */
  readonly rows: number

  /** @param output the name of the output in the message: a path, or `'the stream'` */
  constructor(output: string, rows: number, cause: unknown) {
    const { code, message: said } = cause as { readonly code?: unknown; readonly message?: unknown }
    const reason = typeof said === 'string' ? systemReason(cause) : String(cause)
    const known = typeof code === 'string' ? code : 'UNKNOWN'
    // A file is written; a stream is written to.
    const target = /^(?:standard|the) /.test(output) ? `to ${output}` : output
    const message = `cannot write ${target} after ${rows} rows: ${reason}.${WRITE_REMEDIES[known] ?? ''}`
    super(printable(message), { cause })
    this.code = known
    this.rows = rows
  }
}

const WRITE_REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: ' Make room on the disk, or write elsewhere.',
  EDQUOT: ' Make room in your quota, or write elsewhere.',
  EFBIG: ' Raise the limit of file sizes (ulimit -f), or write elsewhere.',
  ESTALE: ' Leave an output alone until its run is over.',
}

/**
 * One row cannot be stored: JSON has no form for its value, or its file name is taken. The sink accepts further rows.
 *
 * @example throw new RowError(outcome.index, 'expected a value without cycles.')
 */
export class RowError extends Error {
  static {
    this.prototype.name = 'RowError'
  }
  /** The index of the outcome. */
  readonly index: number

  constructor(index: number, problem: Problem, cause?: unknown) {
    super(printable(`outcome ${index}: ${sayProblem(problem)}`), cause === undefined ? undefined : { cause })
    this.index = index
  }
}

/**
 * Whether the error is a RowError of this or another copy of the package, or of a third-party sink.
 *
 * @example if (isRowError(error)) console.log('outcome', error.index, 'was not stored')
 */
export function isRowError(error: unknown): error is RowError {
  return error instanceof Error && error.name === 'RowError' && typeof (error as RowError).index === 'number'
}
