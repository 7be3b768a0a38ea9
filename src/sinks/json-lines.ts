/** JSON lines: one object per outcome, in the format of a run file, for tools that read lines. */
import { bool } from '../config/kinds.ts'
import { readHeaderNames } from '../config/response-headers.ts'
import { isoTime } from '../core/iso-time.ts'
import { shownHeaders } from '../core/outcome.ts'
import type { Outcome } from '../core/outcome.ts'
import { RowError } from '../core/sink.ts'
import type { Sink } from '../core/sink.ts'
import type { FileOptions } from './file-output.ts'
import { byItem, itemNumberOf } from './item-rows.ts'
import { readSinkOptions } from './options.ts'
import type { Target } from './output.ts'
import {
  base64Of,
  bytesIn,
  errorBodyOf,
  finalUrlOf,
  jsonOf,
  locationOf,
  notJson,
  parentIdOf,
  storedValueOf,
  printableKey,
  requestIdOf,
  timingsToTenths,
  triesToTenths,
  urlOf,
} from './row.ts'
import { TextRows } from './text-rows.ts'
import { wellFormedRow } from '../core/well-formed.ts'

/** What to do with an existing file. Without either option, an existing file is refused. Not for streams. */
export interface JsonLinesOptions extends FileOptions {
  /**
   * Names of response headers that each line gets in `headers`, in lower case. A name that suggests a secret is a
   * ConfigError. Default none.
   *
   * @example responseHeaders: ['etag', 'x-request-id']
   */
  readonly responseHeaders?: readonly string[] | undefined
}

/**
 * A sink that writes one line of JSON per outcome: `index`, `id`, `parent`, `item`, `key`, `method`, `url`, `ok`,
 * `status`, `value` or `error`, `finalUrl` and `location` if the response has them, `headers`, `tries` (with more than
 * one attempt), `attempts`, `bytes`, `timings` and `at`, in this order. `error` has `code`, `message` and the beginning
 * of the error response as `body` (`maxErrorBody`), with `"bodyTruncated":true` if it was longer and
 * `"bodyEncoding":"base64"` if it is not text. `id` is the same in every run of the same input. An outcome with `items`
 * is written as a line per item: `value` is the item, `item` its position in the page from 0, `parent` the id of the
 * page, and `id` both: `#0/1[3]`. Bytes are written as base64, followed by `"encoding":"base64"`. With `returnType:
 * 'response'` the body is written, as text if it is UTF-8. Properties that JSON omits (functions, undefined) are
 * omitted. If a value cannot be serialized as JSON (a BigInt, a cycle), the write rejects with a `RowError`: that
 * outcome gets no line, and the run continues.
 *
 * The file is opened at once; a path that cannot be written is a `ConfigError`. All outcomes of one turn of the event
 * loop are written together. Once a write has resolved, its line survives the end of the process. When the disk is
 * full, a half-written line is removed, and this and every later write reject with a `SinkError`.
 *
 * @param target a path, or a Writable; the sink waits for a Writable and does not end it
 * @throws ConfigError (an unknown or wrong option, a path that cannot be written)
 * @example
 * await client.drain(urls, { sink: jsonLines('results.jsonl', { overwrite: true }) })
 */
export function jsonLines(target: Target, options: JsonLinesOptions = {}): Sink {
  const read = readSinkOptions('jsonLines', options, {
    overwrite: bool,
    append: bool,
    responseHeaders: readHeaderNames,
  })
  const names = read.responseHeaders ?? []
  return byItem(
    new TextRows('jsonLines', target, read, {
      rowOf: outcome => jsonLineOf(outcome, names),
      sizeOf: line => line.length,
      textOf: lines => lines.join(''),
      header: '',
    }),
  )
}

/** One object literal, because this runs for every row. JSON omits the names of undefined values. */
export function jsonLineOf(outcome: Outcome, names: readonly string[], indent?: number): string {
  const { index, ok, error, request, response, tries, attempts, timings } = outcome
  const { value, encoding } = error === undefined ? lineValueOf(outcome) : NONE
  const line = {
    index,
    id: requestIdOf(outcome),
    parent: parentIdOf(outcome),
    item: itemNumberOf(outcome),
    key: printableKey(outcome),
    method: request.method,
    url: urlOf(outcome),
    ok,
    status: response?.status,
    value,
    encoding,
    error: error && { code: error.code, message: error.message, ...errorBodyOf(outcome) },
    finalUrl: finalUrlOf(outcome),
    location: locationOf(outcome),
    headers: names.length === 0 ? undefined : shownHeaders(response, names),
    tries: triesToTenths(tries),
    attempts,
    bytes: response?.bytes ?? 0,
    timings: timingsToTenths(timings),
    at: isoTime(Date.now()),
  }
  return `${wellFormedRow(jsonOf(line, outcome, indent))}\n`
}

interface JsonLineValue {
  readonly value?: unknown
  readonly encoding?: 'base64' | undefined
}

const NONE: JsonLineValue = {}

export function lineValueOf(outcome: Outcome): JsonLineValue {
  const { value, index } = outcome
  // As a property, JSON would omit it silently.
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new RowError(index, notJson(`a ${typeof value}`))
  }
  if (bytesIn(value) === undefined) return { value }
  const { kind, content } = storedValueOf(value, outcome)
  return kind === 'bytes' ? { value: base64Of(content), encoding: 'base64' } : { value: content }
}
