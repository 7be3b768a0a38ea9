/** CSV (RFC 4180, with `\n`): one line per outcome for spreadsheets and data tools. The quoting is csv-stringify's. */
import { stringify } from 'csv-stringify/sync'
import { bool, got, isPlain, oneOf, problem } from '../config/kinds.ts'
import type { Read } from '../config/kinds.ts'
import { nearest } from '../config/names.ts'
import { ConfigError } from '../core/error.ts'
import type { Outcome } from '../core/outcome.ts'
import type { Sink } from '../core/sink.ts'
import type { FileOptions } from './file-output.ts'
import { readSinkOptions } from './options.ts'
import type { Target } from './output.ts'
import { base64Of, cellOf, keptOf, keyOf, urlOf } from './row.ts'
import { TextRows } from './text-rows.ts'

type Cell = (outcome: Outcome) => unknown

/** Every field that a column can be by its name. */
const FIELDS = {
  index: ({ index }) => index,
  key: keyOf,
  method: ({ request }) => request.method,
  url: urlOf,
  ok: ({ ok }) => ok,
  status: ({ response }) => response?.status,
  attempts: ({ attempts }) => attempts,
  error: ({ error }) => error?.code,
  message: ({ error }) => error?.message,
  value: ({ value }) => value,
  bytes: ({ response }) => response?.bytes,
  totalMs: ({ timings }) => Math.round(timings.total * 10) / 10,
  at: () => new Date(),
} as const satisfies Readonly<Record<string, Cell>>

/** A column that has a name already. `error` is the code, `message` its words, `totalMs` the time from input to outcome. */
export type CsvField = keyof typeof FIELDS

/** A field by its name, or a column of your own. */
export type CsvColumn = CsvField | { readonly name: string; readonly value: (outcome: Outcome) => unknown }

export interface CsvOptions extends FileOptions {
  /** Default `index, key, method, url, ok, status, attempts, error, value`. */
  readonly columns?: readonly CsvColumn[] | undefined
  /** Between two cells. Default `','`. */
  readonly delimiter?: ',' | ';' | '\t' | '|' | undefined
  /**
   * Whether cells that need it are put in quotes. Default `true`. `false`, with the delimiter `'\t'` only, writes
   * tab-separated values as IANA registered them (`text/tab-separated-values`): nothing is quoted, and a tab, LF or CR
   * within a value, which that format cannot hold, is written as `\t`, `\n` or `\r`; a backslash stays as it is.
   */
  readonly quotes?: boolean | undefined
}

const DEFAULT: readonly CsvField[] = ['index', 'key', 'method', 'url', 'ok', 'status', 'attempts', 'error', 'value']

interface Column {
  readonly name: string
  readonly cell: Cell
}

/**
 * A sink that writes a header and one line of CSV per outcome. Cells are text: strings as they are, numbers and `true`
 * as they print, dates as ISO 8601, bytes as base64, null and undefined as nothing, other values as JSON. A column's
 * function that throws, answers with a promise, or with what JSON cannot hold, rejects with a `RowError`: there is no
 * line for that outcome, and the others go on.
 *
 * With `append` the header is not repeated, and must be the same. The file is opened, flushed and guarded as by
 * `jsonLines`. A spreadsheet takes a cell that begins with `=` for a formula: cells are written as they are, so do not
 * open what strangers sent you in one, or put a `'` before it in a column of your own.
 *
 * ```ts
 * const stars = { name: 'stars', value: ({ value }: Outcome) => (value as Repo | undefined)?.stars }
 * await client.drain(urls, { sink: csv('stars.csv', { columns: ['url', 'status', stars], overwrite: true }) })
 * ```
 *
 * @param target a path, or a Writable, which is waited for and not ended
 */
export function csv(target: Target, options: CsvOptions = {}): Sink {
  const read = readSinkOptions('csv', options, {
    overwrite: bool,
    append: bool,
    columns: readColumns,
    delimiter: oneOf([',', ';', '\t', '|']),
    quotes: bool,
  })
  const hasQuotes = read.quotes ?? true
  if (!hasQuotes && read.delimiter !== '\t') {
    const remedy = "Only tab-separated values do without: add delimiter: '\\t', or leave quotes out."
    throw new ConfigError([problem('quotes', 'true beside this delimiter', 'false', remedy)])
  }
  const columns = read.columns ?? columnsOf(DEFAULT)
  // A lone empty cell would be an empty line, which readers skip.
  const format = { quoted_empty: columns.length === 1, delimiter: read.delimiter ?? ',' }
  const textOf = (rows: readonly (readonly string[])[]): string =>
    hasQuotes ? stringify(rows as string[][], format) : rows.map(unquotedLine).join('')
  const header = textOf([columns.map(({ name }) => name)])
  const sink = new TextRows<readonly string[]>('csv', target, read, {
    rowOf: outcome => columns.map(column => cellText(column, outcome)),
    sizeOf: cells => cells.reduce((sum, { length }) => sum + length + 1, 0),
    textOf,
    header,
  })
  if (sink.firstLine !== '' && sink.firstLine !== header.split('\n', 1)[0]) refuseHeader(sink, header)
  return sink
}

const ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' }

const unquotedLine = (cells: readonly string[]): string =>
  `${cells.map(cell => cell.replace(/[\t\n\r]/g, one => ESCAPES[one] as string)).join('\t')}\n`

function refuseHeader(sink: TextRows<readonly string[]>, header: string): never {
  const { firstLine } = sink
  // The file is left as it is.
  sink.close().catch(() => {})
  const remedy = 'Give the same columns, or another file.'
  throw new ConfigError([problem('csv', `a file with the header ${got(header.trimEnd())}`, got(firstLine), remedy)])
}

const readColumns: Read<readonly Column[]> = (value, name, problems) => {
  if (!Array.isArray(value) || value.length === 0) {
    problems.push(problem(name, 'an array of columns', got(value), "Write it as ['index', 'url', 'value']."))
    return undefined
  }
  const before = problems.length
  const columns = columnsOf(value as CsvColumn[])
  const names = new Set<string>()
  for (const [at, { name: title, cell }] of columns.entries()) {
    const where = `${name}[${at}]`
    if (typeof title !== 'string' || typeof cell !== 'function') {
      problems.push(unknownColumn(where, (value as unknown[])[at]))
    } else if (names.has(title)) {
      problems.push(`${where}: expected names that differ, got ${got(title)} twice. Give each column its own.`)
    }
    names.add(title)
  }
  return problems.length === before ? columns : undefined
}

function unknownColumn(where: string, given: unknown): string {
  const known = Object.keys(FIELDS)
  const near = typeof given === 'string' ? nearest(given, known) : undefined
  const remedy = near === undefined ? 'Write your own as { name, value: outcome => … }.' : `Did you mean '${near}'?`
  return problem(where, `one of ${known.join(', ')}, or { name, value }`, got(given), remedy)
}

/** Whatever was given; what is none has no function. */
function columnsOf(given: readonly CsvColumn[]): Column[] {
  return given.map(column => {
    if (isPlain(column)) return { name: column.name, cell: column.value }
    return { name: column, cell: (Object.hasOwn(FIELDS, column) ? FIELDS[column] : undefined) as Cell }
  })
}

function cellText({ name, cell }: Column, outcome: Outcome): string {
  const value = cellOf(name, cell, outcome)
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return ''
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString()
  const { kind, content } = keptOf(value, outcome)
  return kind === 'bytes' ? base64Of(content) : (content ?? '')
}
