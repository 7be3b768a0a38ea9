/** The format of an input: set by flags, or derived from the extension of the file. */
import { extname } from 'node:path'
import type { TableFormat } from './record-reader.ts'
import type { InputFormat, InputPlan } from '../run-plan.ts'
import { UsageError } from '../usage-error.ts'

export type Shape =
  | (Omit<TableFormat, 'maxLine'> & { readonly format: 'csv'; readonly isGzip: boolean })
  | { readonly format: 'lines' | 'jsonl' | 'json'; readonly isGzip: boolean }

const INPUT_FORMAT_BY_EXTENSION: Readonly<Record<string, InputFormat>> = {
  '': 'lines',
  '.txt': 'lines',
  '.list': 'lines',
  '.lst': 'lines',
  '.urls': 'lines',
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.tab': 'tsv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.json': 'json',
}

export function shapeOf(file: string, { format, delimiter }: Pick<InputPlan, 'format' | 'delimiter'>): Shape {
  const isGzip = extname(file).toLowerCase() === '.gz'
  const known = format ?? byEnding(isGzip ? file.slice(0, -'.gz'.length) : file, delimiter)
  if (known === 'csv' || known === 'tsv') {
    const isFixed = delimiter !== undefined || known === 'tsv'
    const chosen = delimiter ?? (known === 'tsv' ? '\t' : ',')
    return { format: 'csv', delimiter: chosen, isFixed, hasQuotes: known === 'csv', isGzip }
  }
  if (delimiter === undefined) return { format: known, isGzip }
  throw new UsageError(`--delimiter: expected a CSV input, got ${known} in ${file}. Leave it out, or add --format csv.`)
}

function byEnding(file: string, delimiter: string | undefined): InputFormat {
  const ending = extname(file).toLowerCase()
  const known = Object.hasOwn(INPUT_FORMAT_BY_EXTENSION, ending) ? INPUT_FORMAT_BY_EXTENSION[ending] : undefined
  // Standard input has no extension. With a delimiter it can only be CSV.
  if (known !== undefined) return ending === '' && delimiter !== undefined ? 'csv' : known
  // An extension such as a date or a number does not name a format.
  if (!/^\.[a-z]/.test(ending)) return 'lines'
  throw new UsageError(
    `-i: expected ${KNOWN_ENDINGS}, got ${file}. Name its format with --format lines, csv, tsv, jsonl or json.`,
  )
}

const KNOWN_ENDINGS = 'a file that ends in .txt, .csv, .tsv, .jsonl or .json (or in one of them and .gz)'
