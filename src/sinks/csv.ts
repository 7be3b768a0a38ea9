/** CSV (RFC 4180, with `\n`): one line per outcome, for spreadsheets and data tools. csv-stringify does the quoting. */
import { stringify } from 'csv-stringify/sync'
import { bool, got, isPlain, oneOf, problem } from '../config/kinds.ts'
import type { Read } from '../config/kinds.ts'
import { nearest } from '../config/names.ts'
import { readHeaderNames } from '../config/response-headers.ts'
import { ConfigError } from '../core/error.ts'
import type { Outcome } from '../core/outcome.ts'
import type { Sink } from '../core/sink.ts'
import type { FileOptions } from './file-output.ts'
import { byItem, itemNumberOf } from './item-rows.ts'
import { readSinkOptions } from './options.ts'
import type { Target } from './output.ts'
import {
  base64Of,
  cellOf,
  errorBodyOf,
  finalUrlOf,
  headerColumn,
  locationOf,
  parentIdOf,
  storedValueOf,
  printableKey,
  requestIdOf,
  urlOf,
} from './row.ts'
import { TextRows } from './text-rows.ts'
import type { Problem } from '../core/problem.ts'

type Cell = (outcome: Outcome) => unknown

/** The fields that a column can name. */
const FIELDS = {
  index: ({ index }) => index,
  id: requestIdOf,
  parent: parentIdOf,
  item: itemNumberOf,
  key: printableKey,
  method: ({ request }) => request.method,
  url: urlOf,
  ok: ({ ok }) => ok,
  status: ({ response }) => response?.status,
  attempts: ({ attempts }) => attempts,
  error: ({ error }) => error?.code,
  message: ({ error }) => error?.message,
  error_body: outcome => errorBodyOf(outcome)?.body,
  final_url: finalUrlOf,
  location: locationOf,
  value: ({ value }) => value,
  bytes: ({ response }) => response?.bytes,
  totalMs: ({ timings }) => Math.round(timings.total * 10) / 10,
  at: () => new Date(),
} as const satisfies Readonly<Record<string, Cell>>

/**
 * A built-in column. `error` is the code, `message` its text, `error_body` the beginning of an error response
 * (`maxErrorBody`), `parent` the id of the page that led to a follow-up request, `final_url` the URL after redirects if
 * it differs, `location` the header, `totalMs` the time from input to outcome.
 */
export type CsvField = keyof typeof FIELDS

/** A built-in column by its name, or a column of your own. */
export type CsvColumn<T = unknown> =
  | CsvField
  | { readonly name: string; readonly value: (outcome: Outcome<T>) => unknown }

/** Options of `csv`. */
export interface CsvOptions<T = unknown> extends FileOptions {
  /** Default `index, key, method, url, ok, status, attempts, error, value`. */
  readonly columns?: readonly CsvColumn<T>[] | undefined
  /**
   * Names of response headers, each in a column after the others. A name that suggests a secret is a ConfigError.
   * Default none.
   *
   * @example responseHeaders: ['etag', 'x-request-id']
   */
  readonly responseHeaders?: readonly string[] | undefined
  /** Separates two cells. Default `','`. */
  readonly delimiter?: ',' | ';' | '\t' | '|' | undefined
  /**
   * Whether cells that need it are quoted. Default `true`. `false` is allowed with the delimiter `'\t'` only and writes
   * tab-separated values as registered with IANA (`text/tab-separated-values`). That format has no quoting and cannot
   * hold a tab, LF or CR in a value, so they are written as `\t`, `\n` and `\r`; a backslash is written as it is.
   */
  readonly quotes?: boolean | undefined
  /**
   * Begin a new file with a byte-order mark, by which Excel recognises UTF-8. Other programs may take the mark for a part
   * of the first column's name. Default `false`.
   */
  readonly bom?: boolean | undefined
}

const DEFAULT_FIELDS: readonly CsvField[] = [
  'index',
  'key',
  'method',
  'url',
  'ok',
  'status',
  'attempts',
  'error',
  'value',
]

interface ReadColumn {
  readonly name: string
  readonly cell: Cell
}

/**
 * A sink that writes a header and one line of CSV per outcome. An outcome with `items` is written as a line per item:
 * `value` is the item, `item` its position in the page from 0, `parent` the id of the page, and `id` both: `#0/1[3]`.
 * Functions of columns get the item as the value. Strings are written as they are, numbers and booleans as
 * they print, dates as ISO 8601, bytes as base64, null and undefined as an empty cell, other values as JSON. If a
 * column's function throws, returns a promise or returns something that JSON cannot hold, the write rejects with a
 * `RowError`: that outcome gets no line, and the run goes on.
 *
 * With `append` the header is not repeated, and the existing one must be the same. The file is opened, flushed and
 * guarded as by `jsonLines`. Spreadsheets read a cell that begins with `=` as a formula, and cells are written
 * unchanged: do not open results from untrusted servers in a spreadsheet, or prefix such values with `'` in a column of
 * your own.
 *
 * Source: RFC 4180, with `\n` at the end of a line.
 *
 * @param target a path, or a Writable; the sink waits for a Writable and does not end it
 * @throws ConfigError (an unknown or wrong option, a path that cannot be written)
 * @example
 * const stars = { name: 'stars', value: ({ value }: Outcome) => (value as Repo | undefined)?.stars }
 * await client.drain(urls, { sink: csv('stars.csv', { columns: ['url', 'status', stars], overwrite: true }) })
 */
export function csv<T = unknown>(target: Target, options: CsvOptions<T> = {}): Sink<T> {
  const read = readSinkOptions('csv', options, {
    overwrite: bool,
    append: bool,
    columns: readCsvColumns,
    responseHeaders: readHeaderNames,
    delimiter: oneOf([',', ';', '\t', '|']),
    quotes: bool,
    bom: bool,
  })
  const hasQuotes = read.quotes ?? true
  if (!hasQuotes && read.delimiter !== '\t') {
    const remedy = "Only tab-separated values can be unquoted: add delimiter: '\\t', or leave quotes out."
    throw new ConfigError([problem('quotes', 'true with this delimiter', 'false', remedy)])
  }
  const columns = withHeaders(read.columns ?? csvColumns(DEFAULT_FIELDS), read.responseHeaders ?? [])
  // A single empty cell would give an empty line, which readers skip.
  const format = { quoted_empty: columns.length === 1, delimiter: read.delimiter ?? ',' }
  const textOf = (rows: readonly (readonly string[])[]): string =>
    hasQuotes ? stringify(rows as string[][], format) : rows.map(unquotedLine).join('')
  const header = textOf([columns.map(({ name }) => name)])
  const mark = read.bom === true ? BOM : ''
  const sink = new TextRows<readonly string[]>('csv', target, read, {
    rowOf: outcome => columns.map(column => csvCellText(column, outcome)),
    sizeOf: cells => cells.reduce((sum, { length }) => sum + length + 1, 0),
    textOf,
    header: mark + header,
  })
  if (sink.firstLine !== '' && withoutMark(sink.firstLine) !== header.split('\n', 1)[0]) refuseHeader(sink, header)
  return byItem(sink)
}

const BOM = '\uFEFF'

const withoutMark = (line: string): string => (line.startsWith(BOM) ? line.slice(1) : line)

function withHeaders(columns: readonly ReadColumn[], names: readonly string[]): readonly ReadColumn[] {
  const twice = names.find(name => columns.some(column => column.name === name))
  if (twice !== undefined) {
    const remedy = 'Give the column another name, or leave one of them out.'
    throw new ConfigError([problem('responseHeaders', 'names that no column has', got(twice), remedy)])
  }
  return [...columns, ...names.map(headerColumn).map(({ name, value }) => ({ name, cell: value }))]
}

const CELL_ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' }

const unquotedLine = (cells: readonly string[]): string =>
  `${cells.map(cell => cell.replace(/[\t\n\r]/g, one => CELL_ESCAPES[one] as string)).join('\t')}\n`

function refuseHeader(sink: TextRows<readonly string[]>, header: string): never {
  const { firstLine } = sink
  // Closes without writing, so the file is not changed.
  sink.close().catch(() => {})
  const remedy = 'Give the same columns, or another file.'
  throw new ConfigError([problem('csv', `a file with the header ${got(header.trimEnd())}`, got(firstLine), remedy)])
}

const readCsvColumns: Read<readonly ReadColumn[]> = (value, name, problems) => {
  if (!Array.isArray(value) || value.length === 0) {
    problems.push(problem(name, 'an array of columns', got(value), "Write it as ['index', 'url', 'value']."))
    return undefined
  }
  const before = problems.length
  const columns = csvColumns(value as CsvColumn[])
  const names = new Set<string>()
  for (const [at, { name: title, cell }] of columns.entries()) {
    const where = `${name}[${at}]`
    if (typeof title !== 'string' || typeof cell !== 'function') {
      problems.push(unknownCsvColumn(where, (value as unknown[])[at]))
    } else if (names.has(title)) {
      problems.push(problem(where, 'names that differ', `${got(title)} twice`, 'Give each column its own.'))
    }
    names.add(title)
  }
  return problems.length === before ? columns : undefined
}

function unknownCsvColumn(where: string, given: unknown): Problem {
  const known = Object.keys(FIELDS)
  const near = typeof given === 'string' ? nearest(given, known) : undefined
  const remedy = near === undefined ? 'Write your own as { name, value: outcome => … }.' : `Did you mean '${near}'?`
  return problem(where, `one of ${known.join(', ')}, or { name, value }`, got(given), remedy)
}

/**
 * Runs before validation, so `given` may hold anything. An unknown name gets no function, and the caller reports it.
 */
function csvColumns(given: readonly CsvColumn[]): ReadColumn[] {
  return given.map(column => {
    if (isPlain(column)) return { name: column.name, cell: column.value }
    return { name: column, cell: (Object.hasOwn(FIELDS, column) ? FIELDS[column] : undefined) as Cell }
  })
}

function csvCellText({ name, cell }: ReadColumn, outcome: Outcome): string {
  const value = cellOf(name, cell, outcome)
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return ''
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString()
  const { kind, content } = storedValueOf(value, outcome)
  return kind === 'bytes' ? base64Of(content) : (content ?? '')
}
