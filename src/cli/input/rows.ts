/** The rows of a CSV or TSV file, one at a time, with the lines on which they begin; csv-parse does the quoting. */
import { CsvError, parse } from 'csv-parse'
import type { Info } from 'csv-parse'
import { Transform } from 'node:stream'
import type { Readable } from 'node:stream'
import { unreadable } from './unreadable.ts'
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
  /** As many at once as a piece of the input holds. */
  readonly rows: AsyncIterable<readonly (NumberedRow | BrokenRow)[]>
}

/** Reads the header. Throws a UsageError when there is none, or when it names a column twice. */
export async function tableOf(input: Readable, name: string, delimiter: string): Promise<Table> {
  const parser = input
    .on('error', error => parser.destroy(error))
    .pipe(textOnly(name))
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
  const batches = recordsOf(parser, name)
  const first = (await batches.next()).value
  const [header] = first ?? []
  if (first === undefined || header === undefined)
    throw new UsageError(`${name}: expected a header with the names of the columns, got nothing.`)
  const columns = header.record.map(cell => cell.trim())
  const twice = columns.find((column, at) => columns.indexOf(column) !== at)
  if (twice !== undefined) throw new UsageError(`${name}:1: expected columns that differ, got '${twice}' twice.`)
  return { columns, rows: rowsOf(first.slice(1), batches, columns, header.info.lines) }
}

/** What has a zero in it is no text, whatever a parser would make of it. */
function textOnly(name: string): Transform {
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      if (bytes.includes(0)) done(new UsageError(`${name}: expected text, got bytes that are none.`))
      else done(null, bytes)
    },
  })
}

interface Numbered {
  readonly record: readonly string[]
  readonly info: Info
}

async function* rowsOf(
  first: readonly Numbered[],
  batches: AsyncIterable<readonly Numbered[]>,
  columns: readonly string[],
  headerLines: number,
): AsyncGenerator<readonly (NumberedRow | BrokenRow)[], void> {
  // csv-parse tells the line on which a record ends; the next one begins below.
  let endedAt = headerLines
  const hasProto = columns.includes('__proto__')
  const rowOf = ({ record, info }: Numbered): NumberedRow | BrokenRow => {
    const line = endedAt + 1
    endedAt = info.lines
    if (record.length !== columns.length) {
      return { problem: `expected ${columns.length} cells, got ${record.length}. Quote those that hold a comma.`, line }
    }
    // Object.fromEntries makes a column of it that has its name; it is ten times as slow.
    if (hasProto) return { row: Object.fromEntries(columns.map((column, at) => [column, record[at] as string])), line }
    const row: Record<string, string> = {}
    for (let at = 0; at < columns.length; at++) row[columns[at] as string] = record[at] as string
    return { row, line }
  }
  yield first.map(rowOf)
  for await (const batch of batches) yield batch.map(rowOf)
}

const MAX_BATCH = 1_000

/** As many at once as are there: a promise per record would cost more than the record. */
async function* recordsOf(parser: Readable, name: string): AsyncGenerator<readonly Numbered[], void> {
  let failure: { readonly error: unknown } | undefined
  let ended = false
  let wake: (() => void) | undefined
  parser.on('readable', () => wake?.())
  parser.on('end', () => {
    ended = true
    wake?.()
  })
  parser.on('error', error => {
    failure = { error }
    wake?.()
  })
  for (;;) {
    const batch: Numbered[] = []
    for (let one = parser.read() as Numbered | null; one !== null; one = parser.read() as Numbered | null) {
      batch.push(one)
      if (batch.length === MAX_BATCH) break
    }
    if (batch.length > 0) yield batch
    else if (failure !== undefined) throw complaint(failure.error, name)
    else if (ended) return
    else await new Promise<void>(resolve => (wake = resolve))
  }
}

function complaint(error: unknown, name: string): UsageError {
  if (error instanceof UsageError) return error
  if (!(error instanceof CsvError)) return unreadable(name, error)
  // The message may hold what stands in the cell.
  const message = error.message.replaceAll(/\p{Cc}/gu, '?').slice(0, 200)
  return new UsageError(`${name}:${Number(error['lines'] ?? 1)}: expected CSV, got something else (${message}).`)
}
