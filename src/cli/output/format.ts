/** The format of an output file, derived from its extension. */
import { extname } from 'node:path'
import type { OutputFormat } from '../run-plan.ts'
import type { Problem } from '../../core/problem.ts'

const OUTPUT_FORMAT_BY_EXTENSION: Readonly<Record<string, OutputFormat>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.sqlite': 'sqlite',
  '.db': 'sqlite',
}

/** JSON lines if the name has no extension: `/dev/null`, `results`. */
export function outputFormatOf(path: string, problems: Problem[]): OutputFormat {
  const ending = extname(path).toLowerCase()
  const known = Object.hasOwn(OUTPUT_FORMAT_BY_EXTENSION, ending) ? OUTPUT_FORMAT_BY_EXTENSION[ending] : undefined
  if (known === undefined && /^\.[a-z]/.test(ending)) {
    problems.push(
      `-o: expected a file that ends in .jsonl, .csv, .tsv or .sqlite, got ${path}. ${outputRemedy(ending, path)}`,
    )
  }
  return known ?? 'jsonl'
}

function outputRemedy(ending: string, path: string): string {
  if (ending === '.json') return 'JSON lines are .jsonl; jq -s makes one array of them.'
  if (ending === '.gz') return `Write to standard output, and compress that: preq … | gzip > ${path}.`
  return 'Name its format with --output-format.'
}
