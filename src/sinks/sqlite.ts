/** A table of SQLite, which others can query while it grows: WAL, and a transaction per 100 rows or 50 ms. */
import { bool, matching } from '../config/kinds.ts'
import type { Outcome } from '../core/outcome.ts'
import { RowError } from '../core/sink.ts'
import type { Sink } from '../core/sink.ts'
import { Batches } from './batches.ts'
import type { FileOptions } from './file-output.ts'
import { readSinkOptions } from './options.ts'
import { pathOf } from './output.ts'
import { keptOf, keyOf, roundedTimings, urlOf } from './row.ts'
import { openTable } from './sqlite-table.ts'
import type { Row, Table } from './sqlite-table.ts'

/** A transaction costs as much as 30 rows; a reader waits for no row longer than this. */
const LIMITS = { maxRows: 100, maxSize: 8_388_608, delayMs: 50 } as const
/** What SQLite takes as one value. */
const MAX_VALUE_BYTES = 1_000_000_000

/** What to do with a table that exists (other tables of the file are left alone); with neither it is refused. */
export interface SqliteOptions extends FileOptions {
  /** Default `'results'`. */
  readonly table?: string
}

/**
 * A sink that writes one row per outcome into a table of an SQLite database, made when it is not there: `"index"`
 * (INTEGER PRIMARY KEY), `key`, `method`, `url`, `ok` (0 or 1), `status`, `value`, `encoding`, `error_code`,
 * `error_message`, `attempts`, `bytes`, `timings` (JSON, milliseconds) and `at` (ISO 8601). `encoding` says what
 * `value` is: `'json'` (text for `json_extract`), `'text'`, or `'bytes'` (a BLOB). An outcome of an index that is there
 * takes its place.
 *
 * The table can be read while it is written: a row is there when its write has resolved, at most 50 ms later. Rows
 * survive the end of the process from then on. While another connection writes, the sink waits up to 30 s for its turn
 * without blocking the event loop. A value that JSON cannot hold rejects with a `RowError`, and the others go on.
 *
 * ```ts
 * await client.drain(urls, { sink: sqlite('results.db', { table: 'repos', append: true }) })
 * ```
 *
 * @param path of the database
 */
export function sqlite(path: string | URL, options: SqliteOptions = {}): Sink {
  const {
    table = 'results',
    overwrite,
    append,
  } = readSinkOptions('sqlite', options, {
    overwrite: bool,
    append: bool,
    table: matching(
      'the name of a table',
      (value): value is string => typeof value === 'string' && value !== '' && !value.includes('\0'),
      "Leave it out for 'results'.",
    ),
  })
  return new SqliteSink(openTable(pathOf('sqlite', path), table, { overwrite, append }))
}

class SqliteSink implements Sink {
  readonly #table: Table
  readonly #batches: Batches<Row>

  constructor(table: Table) {
    this.#table = table
    this.#batches = new Batches(table.path, rows => table.insert(rows), LIMITS)
  }

  write(outcome: Outcome): Promise<void> {
    try {
      const { row, size } = rowOf(outcome)
      return this.#batches.add(row, size)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async close(): Promise<void> {
    try {
      await this.#batches.close()
      await this.#table.finish()
    } catch (error) {
      this.#batches.fail(error)
    }
    try {
      this.#table.close()
    } catch (error) {
      this.#batches.fail(error)
    }
    await this.#batches.close()
  }
}

function rowOf(outcome: Outcome): { row: Row; size: number } {
  const { index, ok, request, response, error, attempts, timings } = outcome
  const { kind, content } = keptOf(outcome.value, outcome)
  const size = content === null ? 0 : content.length
  if (size > MAX_VALUE_BYTES / 3 && Buffer.byteLength(content ?? '') > MAX_VALUE_BYTES) {
    throw new RowError(index, `value: expected at most ${MAX_VALUE_BYTES} bytes, which is what SQLite takes, got more.`)
  }
  const row: Row = [
    index,
    keyOf(outcome) ?? null,
    request.method,
    urlOf(outcome),
    ok ? 1 : 0,
    response?.status ?? null,
    content,
    kind === 'none' ? null : kind,
    error?.code ?? null,
    error?.message ?? null,
    attempts,
    response?.bytes ?? 0,
    JSON.stringify(roundedTimings(timings)),
    new Date().toISOString(),
  ]
  return { row, size: size + 200 }
}
