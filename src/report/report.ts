/** The entry of this folder: reads a run and writes its report in one of the formats. */
import { fileURLToPath } from 'node:url'
import { Collector } from './collector.ts'
import { compareDocument } from './compare-document.ts'
import { compareHtml } from './compare-html.ts'
import { compare } from './compare.ts'
import { csvCompare, csvReport } from './csv.ts'
import type { CompareData, ReportData } from './data.ts'
import { reportDocument } from './document.ts'
import { entryOfOutcome } from './entry.ts'
import { htmlReport } from './html.ts'
import { markdownReport } from './markdown.ts'
import { readRunFile } from './read-file.ts'
import { summarize } from './summarize.ts'
import { textReport } from './text.ts'
import { got, isRecord, oneOf } from '../config/kinds.ts'
import { ConfigError } from '../core/error.ts'
import type { Outcome } from '../core/outcome.ts'
import { printableLines } from '../core/printable.ts'
import { problem } from '../core/problem.ts'
import type { Problem } from '../core/problem.ts'

/** @internal */
export const FORMATS = ['html', 'text', 'json', 'csv', 'markdown'] as const satisfies readonly ReportFormat[]
/** How a report is written. */
export type ReportFormat = 'html' | 'text' | 'json' | 'csv' | 'markdown'

/** The path of a run file, or outcomes. */
export type ReportSource = string | URL | Iterable<Outcome> | AsyncIterable<Outcome>

/** Options of `report`. */
export interface ReportOptions {
  /**
   * `html`: one page that needs no network. `text`: for a terminal. `json`: all figures. `csv`: one figure per line.
   * `markdown`: for an issue or a pull request. Default `'html'`.
   */
  readonly format?: ReportFormat | undefined
  /**
   * An earlier run of the same requests: the report compares the two, and lists the requests that succeeded before and
   * fail now, and the reverse. Default none.
   *
   * @example report('today.jsonl', { before: 'yesterday.jsonl' })
   */
  readonly before?: ReportSource | undefined
}

/**
 * Reads a run file, or outcomes, and resolves with a report as text: did it work, why was it slow, what failed and why.
 *
 * A file is read line by line in constant memory, so it may be larger than memory. It is not locked, so the run may
 * still be in progress. A file of the sink `jsonLines` is read as well. Outcomes have no timestamps, so their report
 * has no throughput over time. All text of servers is escaped, and URLs show no secrets.
 *
 * @throws ConfigError (rejects: the file cannot be read or is not a run file, or an option is wrong)
 * @example
 * await writeFile('report.html', await report('run.jsonl', { format: 'html' }))
 */
export async function report(source: ReportSource, options: ReportOptions = {}): Promise<string> {
  const { format, before } = readOptions(options)
  if (before === undefined) return written(await dataOf(source), format)
  const data = await compare(
    collected => dataOf(before, collected),
    collected => dataOf(source, collected),
  )
  return writtenCompared(data, format)
}

/** The figures of a report. @internal */
export async function dataOf(source: ReportSource, collected = new Collector()): Promise<ReportData> {
  const path = pathOf(source)
  if (path !== undefined) {
    const facts = await readRunFile(path, line => collected.take(line))
    return summarize(path, collected, facts)
  }
  for await (const outcome of source as AsyncIterable<Outcome>) collected.add(entryOfOutcome(checked(outcome)))
  return summarize('outcomes', collected, undefined)
}

function written(data: ReportData, format: ReportFormat): string {
  switch (format) {
    case 'json':
      return jsonText(data)
    case 'csv':
      return csvReport(data)
    case 'markdown':
      return printableLines(markdownReport(reportDocument(data)))
    case 'html':
      return htmlReport(data)
    case 'text':
      return printableLines(textReport(reportDocument(data)))
  }
}

function writtenCompared(data: CompareData, format: ReportFormat): string {
  switch (format) {
    case 'json':
      return jsonText(data)
    case 'csv':
      return csvCompare(data)
    case 'markdown':
      return printableLines(markdownReport(compareDocument(data)))
    case 'html':
      return compareHtml(data)
    case 'text':
      return printableLines(textReport(compareDocument(data)))
  }
}

/** JSON escapes control characters, but not those that change the direction of text on a terminal. */
const jsonText = (data: unknown): string => `${printableLines(JSON.stringify(data, undefined, 2))}\n`

function pathOf(source: ReportSource): string | undefined {
  if (typeof source === 'string' && source !== '' && !source.includes('\0')) return source
  if (source instanceof URL && source.protocol === 'file:') return fileURLToPath(source)
  if (typeof source === 'object' && source !== null && (Symbol.iterator in source || Symbol.asyncIterator in source)) {
    return undefined
  }
  const remedy = "Write it as 'run.jsonl', or pass the outcomes of stream or request."
  throw new ConfigError([problem('report', 'the path of a run file, or outcomes', got(source), remedy)])
}

function checked(outcome: Outcome): Outcome {
  if (isRecord(outcome) && typeof outcome.ok === 'boolean' && isRecord(outcome.request)) return outcome
  const remedy = "Use onFailure: 'settle', or stream, to get outcomes."
  throw new ConfigError([problem('report', 'outcomes', got(outcome), remedy)])
}

const readFormat = oneOf(FORMATS)

function readOptions(options: ReportOptions): { format: ReportFormat; before: ReportSource | undefined } {
  const problems: Problem[] = []
  if (!isRecord(options))
    problems.push(problem('report', 'an object of options', got(options), 'Write it as { format }.'))
  const { format = 'html', before, ...others } = Object(options) as ReportOptions
  for (const name of Object.keys(others)) {
    problems.push(problem(name, 'no such option', 'one', 'There are format and before.'))
  }
  const read = readFormat(format, 'format', problems)
  if (read === undefined || problems.length > 0) throw new ConfigError(problems)
  return { format: read, before }
}
