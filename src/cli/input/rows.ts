/** The rows of a CSV or TSV file, one at a time, with the lines on which they begin; csv-parse does the quoting. */
import { parse } from 'csv-parse'
import type { CsvError, Info } from 'csv-parse'
import type { Readable } from 'node:stream'
import { UsageError } from '../usage-error.ts'

export interface NumberedRow {
  readonly row: Readonly<Record<string, string>>
  /** Where it begins; the header is line 1. */
  readonly line: number
}

/** A row that is none, because it has too few or too many cells. */
export interface BrokenRow {
  readonly problem: string
  readonly line: number
}

export interface Table {
  readonly columns: readonly string[]
  readonly rows: AsyncIterable<NumberedRow | BrokenRow>
}

/** Reads the header. Throws a UsageError when there is none, or when it names a column twice. */
export async function tableOf(input: Readable, name: string, delimiter: ',' | '\t'): Promise<Table> {
  const parser = input
    .on('error', error => parser.destroy(error))
    .pipe(
      parse({
        delimiter,
        bom: true,
        info: true,
        relax_column_count: true,
        skip_empty_lines: true,
        // A tab-separated file has no quotes.
        quote: delimiter === '\t' ? null : '"',
      }),
    )
  const records = parser[Symbol.asyncIterator]() as AsyncIterator<{ record: string[]; info: Info }>
  const first = await nextOf(records, name)
  if (first === undefined)
    throw new UsageError(`${name}: expected a header with the names of the columns, got nothing.`)
  const columns = first.record.map(cell => cell.trim())
  const twice = columns.find((column, at) => columns.indexOf(column) !== at)
  if (twice !== undefined) throw new UsageError(`${name}:1: expected columns that differ, got '${twice}' twice.`)
  return { columns, rows: rowsOf(records, columns, name, first.info.lines) }
}

async function* rowsOf(
  records: AsyncIterator<{ record: string[]; info: Info }>,
  columns: readonly string[],
  name: string,
  headerLines: number,
): AsyncGenerator<NumberedRow | BrokenRow, void> {
  // csv-parse tells the line on which a record ends; the next one begins below.
  let endedAt = headerLines
  for (let next = await nextOf(records, name); next !== undefined; next = await nextOf(records, name)) {
    const { record, info } = next
    const line = endedAt + 1
    endedAt = info.lines
    if (record.length === columns.length) {
      yield { row: Object.fromEntries(columns.map((column, at) => [column, record[at] as string])), line }
    } else {
      yield { problem: `expected ${columns.length} cells, got ${record.length}. Quote those that hold a comma.`, line }
    }
  }
}

async function nextOf<T>(records: AsyncIterator<T>, name: string): Promise<T | undefined> {
  try {
    const { done, value } = await records.next()
    return done === true ? undefined : value
  } catch (error) {
    const { code, message, lines } = error as CsvError & { readonly lines?: number }
    if (typeof code !== 'string' || !code.startsWith('CSV_')) throw error
    throw new UsageError(`${name}:${lines ?? 1}: expected CSV, got something else (${message}).`)
  }
}
