/** Reads a CSV or TSV file as rows with line numbers. A row is available as soon as its line ends. */
import type { Readable } from 'node:stream'
import { RecordReader } from './record-reader.ts'
import type { TableFormat, TableRecord } from './record-reader.ts'
import { HAS_NULS, NotText, textOf } from './text.ts'
import { UsageError } from '../usage-error.ts'

export interface NumberedRow {
  readonly row: Readonly<Record<string, string>>
  /** The line on which the row begins; the header is line 1. */
  readonly line: number
}

/** A row that cannot be used: too few or too many cells, or malformed quotes. */
export interface BrokenRow {
  readonly problem: string
  readonly line: number
}

export interface Table {
  readonly columns: readonly string[]
  /** One batch per chunk of the input. */
  readonly rows: AsyncIterable<readonly (NumberedRow | BrokenRow)[]>
}

export interface TableOptions extends TableFormat {
  /** A label of `TextDecoder`; undefined is UTF-8. */
  readonly encoding: string | undefined
}

/** Reads the header. Throws a UsageError if there is none or if it names a column twice. */
export async function tableOf(input: Readable, name: string, options: TableOptions): Promise<Table> {
  const batches = recordsOf(input, name, options)
  let first: readonly TableRecord[] = []
  while (first.length === 0) {
    const next = await batches.next()
    if (next.done === true)
      throw new UsageError(`${name}: expected a header with the names of the columns, got nothing.`)
    first = next.value
  }
  const [header, ...others] = first as [TableRecord, ...TableRecord[]]
  const columns = headerColumns(header, name, options)
  return { columns, rows: rowsOf(others, batches, columns, header.cells.length, options) }
}

function headerColumns(
  { cells, line, problem }: TableRecord,
  name: string,
  { hasQuotes }: TableFormat,
): readonly string[] {
  const refuse = (why: string): never => {
    throw new UsageError(`${name}:${line}: ${why}`)
  }
  if (problem !== undefined) refuse(problem)
  const columns = cells.map(cell => cell.trim())
  // Spreadsheets leave empty cells at the end after a column was deleted.
  while (columns.at(-1) === '') columns.pop()
  if (columns.length === 0) refuse('expected a header with the names of the columns, got empty cells.')
  const quoted = hasQuotes ? undefined : columns.find(column => /^".*"$/.test(column))
  if (quoted !== undefined) {
    refuse(`expected names without quotes, because TSV has none, got ${quoted}. Add --format csv --delimiter tab.`)
  }
  const twice = columns.find((column, at) => columns.indexOf(column) !== at)
  if (twice !== undefined) refuse(`expected columns with different names, got '${twice}' twice.`)
  return columns
}

async function* rowsOf(
  first: readonly TableRecord[],
  batches: AsyncIterable<readonly TableRecord[]>,
  columns: readonly string[],
  width: number,
  { hasQuotes }: TableFormat,
): AsyncGenerator<readonly (NumberedRow | BrokenRow)[], void> {
  const hasProto = columns.includes('__proto__')
  const problemOf = ({ cells, problem }: TableRecord): string | undefined => {
    if (problem !== undefined || cells.length === columns.length) return problem
    if (cells.length > columns.length && cells.length <= width) {
      const at = cells.findIndex((cell, index) => index >= columns.length && cell.trim() !== '')
      return at === -1 ? undefined : `expected nothing in column ${at + 1}, which has no name, got a cell. Name it.`
    }
    const remedy = hasQuotes ? ' Quote those that hold a comma.' : ''
    return `expected ${columns.length} cells, got ${cells.length}.${remedy}`
  }
  const rowOf = (record: TableRecord): NumberedRow | BrokenRow => {
    const { cells, line } = record
    const problem = problemOf(record)
    if (problem !== undefined) return { problem, line }
    // An assignment to `__proto__` would not make a column. Object.fromEntries does, but is ten times as slow.
    if (hasProto) return { row: Object.fromEntries(columns.map((column, at) => [column, cells[at] as string])), line }
    const row: Record<string, string> = {}
    for (let at = 0; at < columns.length; at++) row[columns[at] as string] = cells[at] as string
    return { row, line }
  }
  yield first.map(rowOf)
  for await (const batch of batches) yield batch.map(rowOf)
}

/** Yields one batch per chunk of the input, because a promise per record would cost more than the record. */
async function* recordsOf(
  input: Readable,
  name: string,
  options: TableOptions,
): AsyncGenerator<readonly TableRecord[], void> {
  const reader = new RecordReader(options)
  const refuse = (problem: string, line: number): never => {
    throw new UsageError(`${name}:${line}: ${problem}`)
  }
  try {
    for await (const text of textOf(input, name, options.encoding)) {
      // An input with NULs is not text, even where a parser accepts it.
      const zeroAt = text.indexOf('\0')
      yield reader.read(zeroAt === -1 ? text : text.slice(0, zeroAt))
      if (reader.failure !== undefined) refuse(reader.failure.problem, reader.failure.line)
      if (zeroAt !== -1) refuse(HAS_NULS, reader.line)
    }
  } catch (error) {
    // Only errors of the input arrive here, never those of the consumer.
    if (error instanceof NotText) refuse(error.message, reader.line)
    throw error
  }
  yield reader.end()
  if (reader.failure !== undefined) refuse(reader.failure.problem, reader.failure.line)
}
