/** A table of SQLite that others can query while it grows: WAL mode, and a transaction per 100 rows or 50 ms. */
import { bool, got, isPlain, matching, problem } from '../config/kinds.ts'
import type { Read } from '../config/kinds.ts'
import { readHeaderNames } from '../config/response-headers.ts'
import { ConfigError } from '../core/error.ts'
import { isoTime } from '../core/iso-time.ts'
import { digitsOf } from '../core/exact-json.ts'
import { isUnsent } from '../core/unsent-outcome.ts'
import type { Outcome } from '../core/outcome.ts'
import { printable } from '../core/printable.ts'
import { RowError } from '../core/sink.ts'
import type { Sink } from '../core/sink.ts'
import { Batches } from './batches.ts'
import type { FileOptions } from './file-output.ts'
import { byItem, itemNumberOf } from './item-rows.ts'
import { readSinkOptions } from './options.ts'
import { targetPath } from './output.ts'
import {
  cellOf,
  errorBodyOf,
  finalUrlOf,
  headerColumn,
  locationOf,
  parentIdOf,
  storedValueOf,
  printableKey,
  requestIdOf,
  timingsToTenths,
  urlOf,
} from './row.ts'
import type { StoredValue } from './row.ts'
import { isFixed, openTable } from './sqlite-table.ts'
import type { SqliteRow, SqliteTable } from './sqlite-table.ts'

/** A transaction costs as much as 30 rows. No row waits longer than this before readers see it. */
const TRANSACTION_LIMITS = { maxRows: 100, maxSize: 8_388_608, delayMs: 50 } as const
/** SQLite's limit for one value. */
const MAX_VALUE_BYTES = 1_000_000_000

/** What to do with an existing table. Without either option it is refused. Other tables of the file are not touched. */
export interface SqliteOptions<T = unknown> extends FileOptions {
  /** Default `'results'`. */
  readonly table?: string | undefined
  /**
   * Columns of your own, after the fixed ones. Their names must differ from the fixed ones and from each other,
   * ignoring case. Default none.
   */
  readonly columns?: readonly SqliteColumn<T>[] | undefined
  /**
   * Names of response headers, each in a column after the others. A name that suggests a secret is a ConfigError.
   * Default none.
   *
   * @example responseHeaders: ['etag', 'x-request-id']
   */
  readonly responseHeaders?: readonly string[] | undefined
}

/**
 * A column of your own. Whole numbers and bigints are stored as INTEGER (a bigint beyond 64 bits as text, with one
 * warning per column), other numbers as REAL, `true` as 1, text and bytes as they are, dates as ISO 8601, other values
 * as JSON.
 */
export interface SqliteColumn<T = unknown> {
  /** The name of the column. */
  readonly name: string
  /** Returns the cell of an outcome. */
  readonly value: (outcome: Outcome<T>) => unknown
}

/**
 * A sink that writes one row per outcome into a table of an SQLite database, which is created if needed: `"index"`,
 * `request_id` (TEXT PRIMARY KEY, the outcome's `id`), `parent_id`, `item_number`, `key`, `method`, `url`, `ok` (0 or
 * 1), `status`, `value`, `encoding`, `error_code`, `error_message`, `error_body`, `final_url`, `location`, `attempts`,
 * `bytes`, `timings` (JSON, milliseconds) and `at` (ISO 8601). `encoding` gives the type of `value`: `'json'` (text for
 * `json_extract`), `'text'`, or `'bytes'` (a BLOB). An outcome replaces the row with the same `id`; if its key is a URL
 * with a secret, only if the index is the same, too. A table of an earlier version is not changed: columns that it
 * lacks are left out, and without `request_id`, rows are replaced by index. An outcome with `items` is written as a row
 * per item: `value` is the item, `item_number` its position in the page from 0, `parent_id` the id of the page, and
 * `request_id` both: `#0/1[3]`. `error_body` is the beginning of an error response (`maxErrorBody`), `final_url` the
 * URL after redirects if it differs. `columns` adds columns of your own.
 *
 * The table can be read while it is written. A row is visible when its write has resolved, at most 50 ms later, and
 * survives the end of the process from then on. While another connection writes, the sink waits up to 30 s without
 * blocking the event loop. If a value cannot be serialized as JSON, the write rejects with a `RowError`, and the run
 * continues.
 *
 * @param path of the database
 * @throws ConfigError (an unknown or wrong option, a path that cannot be written)
 * @example
 * await client.drain(urls, { sink: sqlite('results.db', { table: 'repos', append: true }) })
 */
export function sqlite<T = unknown>(path: string | URL, options: SqliteOptions<T> = {}): Sink<T> {
  const {
    table = 'results',
    overwrite,
    append,
    columns: own = [],
    responseHeaders = [],
  } = readSinkOptions('sqlite', options, {
    overwrite: bool,
    append: bool,
    columns: readColumns,
    responseHeaders: readHeaderNames,
    table: matching(
      'the name of a table',
      (value): value is string => typeof value === 'string' && value !== '' && !value.includes('\0'),
      "Leave it out for 'results'.",
    ),
  })
  const taken = responseHeaders.find(name => isFixed(name) || own.some(column => column.name.toLowerCase() === name))
  if (taken !== undefined) {
    const remedy = 'It is a column already: leave it out.'
    throw new ConfigError([problem('responseHeaders', 'names that no column has', got(taken), remedy)])
  }
  const columns = [...own, ...responseHeaders.map(headerColumn)]
  const names = columns.map(({ name }) => name)
  return byItem(new SqliteSink(openTable(targetPath('sqlite', path), table, { overwrite, append }, names), columns))
}

class SqliteSink implements Sink {
  readonly #table: SqliteTable
  readonly #batches: Batches<SqliteRow>
  readonly #columns: readonly SqliteColumn[]
  /** Columns for which the warning about 64 bits has been printed. */
  readonly #told = new Set<string>()

  constructor(table: SqliteTable, columns: readonly SqliteColumn[]) {
    this.#table = table
    this.#columns = columns
    this.#batches = new Batches(table.path, rows => table.insert(rows), TRANSACTION_LIMITS)
  }

  write(outcome: Outcome): Promise<void> {
    if (isUnsent(outcome)) return Promise.resolve()
    try {
      if (itemNumberOf(outcome) !== undefined && !this.#table.hasIds) throw noPlaceForItems(outcome)
      const { row, size } = rowOf(outcome)
      if (this.#columns.length === 0) return this.#batches.add(row, size)
      const cells = this.#columns.map(column => this.#cellOf(column, outcome))
      return this.#batches.add([...row, ...cells], size + rowSize(cells))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #cellOf({ name, value }: SqliteColumn, outcome: Outcome): SqliteRow[number] {
    const cell = cellOf(name, value, outcome)
    const integer = integerOf(cell)
    if (integer === undefined) return ownCellOf(cell, outcome)
    if (BigInt.asIntN(64, integer) === integer) return integer
    // A double beyond 64 bits is stored as REAL. A number with all of its digits is stored as text.
    if (typeof cell === 'number') return cell
    if (!this.#told.has(name)) tellOf(name, integer)
    this.#told.add(name)
    return String(integer)
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

/** Items of one page have the same index, so each would replace the one before. */
function noPlaceForItems({ index }: Outcome): RowError {
  const early = 'one of an early version, without it'
  return new RowError(index, problem('items', 'a table with the column request_id', early, 'Choose another table.'))
}

const readColumns: Read<readonly SqliteColumn[]> = (value, name, problems) => {
  if (!Array.isArray(value)) {
    problems.push(problem(name, 'an array of columns', got(value), 'Write it as [{ name, value: outcome => … }].'))
    return undefined
  }
  const before = problems.length
  const names = new Set<string>()
  for (const [at, column] of value.entries()) {
    const title: unknown = isPlain(column) ? column['name'] : undefined
    const where = `${name}[${at}]`
    if (typeof title !== 'string' || title === '' || typeof (column as SqliteColumn).value !== 'function') {
      problems.push(problem(where, '{ name, value: outcome => … }', got(column), ''))
    } else if (isFixed(title) || names.has(title.toLowerCase())) {
      problems.push(problem(where, 'a name that no other column has', got(title), 'Give it another.'))
    } else names.add(title.toLowerCase())
  }
  return problems.length === before ? (value as SqliteColumn[]) : undefined
}

function tellOf(column: string, integer: bigint): void {
  const message = `sqlite: column ${column}: ${integer} does not fit into the 64 bits of an INTEGER; such values are stored as text`
  process.emitWarning(printable(message), 'ParallelRequestsWarning')
}

/** The value as a bigint if it is a whole number of any type; otherwise undefined. */
function integerOf(cell: unknown): bigint | undefined {
  if (typeof cell === 'bigint') return cell
  if (typeof cell === 'boolean') return cell ? 1n : 0n
  if (typeof cell === 'number') return Number.isInteger(cell) ? BigInt(cell) : undefined
  const digits = digitsOf(cell)
  return digits !== undefined && /^-?\d+$/.test(digits) ? BigInt(digits) : undefined
}

function ownCellOf(cell: unknown, outcome: Outcome): SqliteRow[number] {
  if (typeof cell === 'number') return cell
  if (cell === null) return null
  if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? null : cell.toISOString()
  return storedValueOf(cell, outcome).content
}

const rowSize = (cells: SqliteRow): number =>
  cells.reduce<number>(
    (sum, cell) => sum + (typeof cell === 'string' || cell instanceof Uint8Array ? cell.length : 8),
    0,
  )

/** JSON has no bigint, but its digits are a valid JSON number. */
function storedValue(outcome: Outcome): StoredValue {
  const { value } = outcome
  return typeof value === 'bigint' ? { kind: 'json', content: String(value) } : storedValueOf(value, outcome)
}

function rowOf(outcome: Outcome): { row: SqliteRow; size: number } {
  const { index, ok, request, response, error, attempts, timings } = outcome
  const { kind, content } = storedValue(outcome)
  const size = content === null ? 0 : content.length
  if (size > MAX_VALUE_BYTES / 3 && Buffer.byteLength(content ?? '') > MAX_VALUE_BYTES) {
    const expected = `at most ${MAX_VALUE_BYTES} bytes, the limit of SQLite`
    throw new RowError(index, problem('value', expected, 'more', 'Save such bodies as files.'))
  }
  const errorBody = errorBodyOf(outcome)?.body ?? null
  const row: SqliteRow = [
    index,
    requestIdOf(outcome),
    parentIdOf(outcome) ?? null,
    itemNumberOf(outcome) ?? null,
    printableKey(outcome) ?? null,
    request.method,
    urlOf(outcome),
    ok ? 1 : 0,
    response?.status ?? null,
    content,
    kind === 'none' ? null : kind,
    error?.code ?? null,
    error?.message ?? null,
    errorBody,
    finalUrlOf(outcome) ?? null,
    locationOf(outcome) ?? null,
    attempts,
    response?.bytes ?? 0,
    JSON.stringify(timingsToTenths(timings)),
    isoTime(Date.now()),
  ]
  return { row, size: size + 200 + (errorBody?.length ?? 0) }
}
