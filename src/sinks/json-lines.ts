/** JSON lines: one object per outcome, in the format of a run file, for whatever reads lines. */
import { bool } from '../config/kinds.ts'
import { isoTime } from '../core/iso-time.ts'
import type { Outcome } from '../core/outcome.ts'
import { RowError } from '../core/sink.ts'
import type { Sink } from '../core/sink.ts'
import type { FileOptions } from './file-output.ts'
import { readSinkOptions } from './options.ts'
import type { Target } from './output.ts'
import { base64Of, bytesIn, jsonOf, keptOf, keyOf, roundedTimings, urlOf } from './row.ts'
import { TextRows } from './text-rows.ts'

/** What to do with a file that exists; with neither it is refused. Not for streams. */
export interface JsonLinesOptions extends FileOptions {}

/**
 * A sink that writes one line of JSON per outcome: `index`, `key`, `method`, `url`, `ok`, `status`, `value` or `error`
 * (`code` and `message`), `attempts`, `bytes`, `timings` and `at`, in this order. Bytes become base64, with
 * `"encoding":"base64"` after them; of `returnType: 'response'` the body is kept, as text if it is UTF-8. What JSON
 * leaves out of objects is left out. A value that it cannot hold (a BigInt, a cycle) rejects with a `RowError`: there
 * is no line for it, and the others go on.
 *
 * The file is opened at once, and a path that cannot be written is a `ConfigError`. All that comes in one turn of the
 * event loop is one write, and is safe from the end of this process when it resolves. Disk full: what was written by
 * halves is cut off, and everything from there on rejects with a `SinkError`.
 *
 * ```ts
 * await client.drain(urls, { sink: jsonLines('results.jsonl', { overwrite: true }) })
 * ```
 *
 * @param target a path, or a Writable, which is waited for and not ended
 */
export function jsonLines(target: Target, options: JsonLinesOptions = {}): Sink {
  const read = readSinkOptions('jsonLines', options, { overwrite: bool, append: bool })
  return new TextRows('jsonLines', target, read, {
    rowOf: lineOf,
    sizeOf: line => line.length,
    textOf: lines => lines.join(''),
    header: '',
  })
}

/** One literal, because it is made for every row; of what is not there JSON leaves out the name. */
function lineOf(outcome: Outcome): string {
  const { index, ok, error, request, response, attempts, timings } = outcome
  const { value, encoding } = error === undefined ? valueOf(outcome) : NONE
  const line = {
    index,
    key: keyOf(outcome),
    method: request.method,
    url: urlOf(outcome),
    ok,
    status: response?.status,
    value,
    encoding,
    error: error && { code: error.code, message: error.message },
    attempts,
    bytes: response?.bytes ?? 0,
    timings: roundedTimings(timings),
    at: isoTime(Date.now()),
  }
  return `${jsonOf(line, outcome)}\n`
}

interface Kept {
  readonly value?: unknown
  readonly encoding?: 'base64' | undefined
}

const NONE: Kept = {}

function valueOf(outcome: Outcome): Kept {
  const { value, index } = outcome
  // Inside of an object JSON would leave it out without a word.
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new RowError(index, `value: expected what JSON can hold, got a ${typeof value}. Make something else of it.`)
  }
  if (bytesIn(value) === undefined) return { value }
  const { kind, content } = keptOf(value, outcome)
  return kind === 'bytes' ? { value: base64Of(content), encoding: 'base64' } : { value: content }
}
