/**
 * Where outcomes go when nobody keeps them: the port behind `drain(urls, { sink })`, and its two errors.
 *
 * There are two because they mean different things to a run: a SinkError (or anything else that is thrown) ends it, a
 * RowError costs one row.
 */
import type { Outcome } from './outcome.ts'
import { printable } from './printable.ts'

/**
 * Takes outcomes and keeps them. The run that is given a sink uses it alone and closes it.
 *
 * Calls of `write` overlap: a run MUST NOT be made to wait for one before it makes the next, and a sink MAY gather many
 * into one operation. Rows MUST be in the order of the calls where the output has an order. A run has at most its
 * window of writes open, so a sink that settles slowly slows the sending down; a sink MUST NOT wait for another call
 * before it settles one.
 *
 * `write` MUST settle after the row is where it survives the end of this process, and MUST reject when it is not: the
 * run counts a request as done when its `write` has resolved. It MUST NOT be called after `close`.
 *
 * A rejection means that the output can take no more: the run stops sending, and every later `write` MUST reject with
 * the same error. The exception is a `RowError`: this row cannot be kept, the others go on.
 *
 * `close` is called once, also after a failure and with writes open. It MUST resolve only after all that was given to
 * `write` is kept, MUST reject with the error of the output when there was one, and MUST leave nothing open that the
 * sink opened itself. What it was given (a stream) belongs to the giver.
 *
 * A sink MUST NOT show what the outcome hides: it writes `outcome.request.url`, which is fit to print.
 *
 * ```ts
 * const statuses = new Map<number | undefined, number>()
 * const sink: Sink = {
 *   write: ({ response }) => void statuses.set(response?.status, (statuses.get(response?.status) ?? 0) + 1),
 *   close: () => console.log(statuses),
 * }
 * ```
 */
export interface Sink {
  write(outcome: Outcome): void | Promise<void>
  close(): void | Promise<void>
}

/** The output of a sink is broken: disk full, reader gone, stream closed. `code` is the system's: `ENOSPC`, `EPIPE` … */
export class SinkError extends Error {
  static {
    this.prototype.name = 'SinkError'
  }
  readonly code: string
  /** Rows that were safe before. */
  readonly rows: number

  /** @param output what could not be written to, as people know it: a path, `'the stream'` */
  constructor(output: string, rows: number, cause: unknown) {
    const { code, message: said } = cause as { readonly code?: unknown; readonly message?: unknown }
    const reason = typeof said === 'string' ? said : String(cause)
    const known = typeof code === 'string' ? code : 'UNKNOWN'
    const message = `${output}: expected to write on after ${rows} rows, got ${reason}.${REMEDIES[known] ?? ''}`
    super(printable(message), { cause })
    this.code = known
    this.rows = rows
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: ' Make room on the disk, or write elsewhere.',
  EDQUOT: ' Make room in your quota, or write elsewhere.',
  EFBIG: ' Raise the limit of file sizes (ulimit -f), or write elsewhere.',
  EPIPE: ' Who read it has gone.',
  ESTALE: ' Leave an output alone until its run is over.',
}

/** This row cannot be kept (a value that no JSON can hold, a name that is taken); the sink takes others as before. */
export class RowError extends Error {
  static {
    this.prototype.name = 'RowError'
  }
  /** Of the outcome. */
  readonly index: number

  constructor(index: number, problem: string, cause?: unknown) {
    super(printable(`outcome ${index}: ${problem}`), cause === undefined ? undefined : { cause })
    this.index = index
  }
}

/** Whether this is a RowError, of this or another copy of the package, or of a sink of somebody's own. */
export function isRowError(error: unknown): error is RowError {
  return error instanceof Error && error.name === 'RowError' && typeof (error as RowError).index === 'number'
}
