/** Reads the input of a run as requests. Each carries its position in the input, for messages and for the output. */
import type { Readable } from 'node:stream'
import { flattened } from './batches.ts'
import { elementsOf } from './elements.ts'
import { shapeOf } from './format.ts'
import type { Shape } from './format.ts'
import { linesOf } from './lines.ts'
import type { Line, LongLine, TextFormat } from './lines.ts'
import { HAS_NULS } from './text.ts'
import { openInput } from './open-input.ts'
import { fileBody } from './file-body.ts'
import { broken, filled } from './filled.ts'
import { ofJson } from './json-jobs.ts'
import { countOf, expanded } from './range.ts'
import { isVaried, jobMaker, mayVary } from './requests.ts'
import type { MakeJob } from './requests.ts'
import { tableOf } from './rows.ts'
import type { BrokenRow, NumberedRow } from './rows.ts'
import { NO_ROWS } from '../template/braces.ts'
import type { Columns } from '../template/braces.ts'
import type { Fill, Row } from '../template/text.ts'
import { isTemplate, plainUrl, urlTemplate } from '../template/url.ts'
import type { InputPlan } from '../run-plan.ts'
import { UsageError } from '../usage-error.ts'
import { nearest } from '../../config/names.ts'
import { Unusable } from '../../config/unusable.ts'
import type { RequestSpec } from '../../index.ts'

/** The origin of a request in the input; the `meta` of its spec. */
export interface Place {
  /** Undefined for the command line. */
  readonly file: string | undefined
  /** Line of the file, or position among the URLs of the command line, from 1. */
  readonly line: number
  /** The cells, if the input has rows. */
  readonly row?: Row
  /** With `--then`: the value of each stage that led here, the first one first. */
  readonly values?: readonly unknown[]
  /** The results of `--limit-key` and `--name`. */
  readonly limitKey?: string | undefined
  readonly name?: string | undefined
}

export type Job = RequestSpec<unknown, Place>

export interface Jobs extends AsyncIterable<Job | Unusable> {
  /** The number of requests; undefined if it is not known before they are read. */
  readonly total: number | undefined
  /** Names of the columns of the rows; empty for lists. */
  readonly columns: readonly string[]
  /** Columns that a template may use: those of all rows. Undefined if each row has its own. */
  readonly rowColumns: readonly string[] | undefined
  /** Braces of a body that look like a column, are none, and are sent unchanged; each with its flag. */
  readonly sentAsIs: readonly string[]
  /** Closes the input. Otherwise a writer that keeps standard input or a pipe open would keep this process running. */
  close(): void
}

/** One batch per chunk of the input. */
export type Stream = AsyncGenerator<Iterable<Job | Unusable>, void>

/** Read the templates of a run for the columns of an input. */
export interface TemplateReaders {
  readonly maker: (columns: Columns) => MakeJob
  readonly url: (template: string, columns: Columns, remedy?: string) => Fill
}

interface Opened {
  readonly columns: readonly string[]
  /** Undefined if each row has its own. */
  readonly rowColumns: readonly string[] | undefined
  readonly jobs: Stream
  readonly stream: Readable
}

/** Throws a UsageError for every mistake that can be found before anything is sent. */
export async function openJobs(plan: InputPlan): Promise<Jobs> {
  const { urls, files, body } = plan
  // The file of `--body` is read once, not once per input file.
  const input = body?.kind === 'file' ? { ...plan, body: fileBody(body.path, files.length > 0) } : plan
  if (files.length === 0) {
    const plain = urls.map(plainUrl)
    const total = plain.reduce((sum, url) => sum + countOf(url), 0)
    const jobs = ofUrls(plain, jobMaker(input, NO_ROWS))
    return {
      total,
      columns: [],
      rowColumns: [],
      sentAsIs: [],
      close: () => undefined,
      [Symbol.asyncIterator]: () => flattened(jobs),
    }
  }
  const opened: Opened[] = []
  const sentAsIs = new Set<string>()
  const readers: TemplateReaders = {
    maker: columns => jobMaker(input, columns, brace => sentAsIs.add(brace)),
    url: (template, columns, remedy) => urlTemplate(template, columns, input.allowEmpty, remedy),
  }
  const close = (): void => {
    for (const { stream } of opened) stream.destroy()
  }
  try {
    for (const file of files) opened.push(await openFile(file, input, readers))
  } catch (error) {
    close()
    throw error
  }
  const columns = [...new Set(opened.flatMap(one => one.columns))]
  return {
    total: undefined,
    columns,
    rowColumns: opened.some(one => one.rowColumns === undefined)
      ? undefined
      : [...new Set(opened.flatMap(one => one.rowColumns ?? []))],
    sentAsIs: [...sentAsIs],
    close,
    [Symbol.asyncIterator]: () => flattened(allJobs(opened)),
  }
}

async function* allJobs(opened: readonly Opened[]): Stream {
  for (const { jobs } of opened) yield* jobs
}

async function* ofUrls(urls: readonly string[], make: MakeJob): Stream {
  yield (function* () {
    let line = 0
    for (const url of urls) for (const one of expanded(url)) yield make(one, {}, { file: undefined, line: ++line })
  })()
}

async function openFile(file: string, input: InputPlan, readers: TemplateReaders): Promise<Opened> {
  const shape = shapeOf(file, input)
  const stream = await openInput(file, shape.isGzip)
  try {
    return { ...(await readFile(file, stream, shape, input, readers)), stream }
  } catch (error) {
    // A writer that keeps the pipe open would keep this process running.
    stream.destroy()
    throw error
  }
}

async function readFile(
  file: string,
  stream: Readable,
  shape: Shape,
  input: InputPlan,
  readers: TemplateReaders,
): Promise<Omit<Opened, 'stream'>> {
  const [template] = input.urls
  switch (shape.format) {
    case 'lines':
      return linesFile(file, stream, template, input, readers)
    case 'jsonl':
    case 'json': {
      const texts = shape.format === 'json' ? elementsOf : linesOf
      return { columns: [], rowColumns: undefined, jobs: ofJson(file, texts(stream, file, input), input, readers) }
    }
    case 'csv': {
      const { columns, rows } = await tableOf(stream, file, {
        ...shape,
        encoding: input.encoding,
        maxLine: input.maxLine,
      })
      checkDelimiter(file, columns, input)
      const known: Columns = { names: columns, from: 'header' }
      const url = template === undefined ? urlColumn(file, columns) : readers.url(template, known)
      const make = readers.maker(known)
      checkVaried(file, input, columns)
      return { columns, rowColumns: columns, jobs: ofRows(file, rows, url, make, template !== undefined) }
    }
  }
}

function checkVaried(file: string, input: InputPlan, columns: readonly string[]): void {
  const [template] = input.urls
  if (template === undefined || isTemplate(template) || mayVary(input) || isVaried(input, columns)) return
  throw new UsageError(
    `-i: expected a {column} of ${file} in the URL, a header or the body, got none: all requests would be the same. ` +
      'Add one, or leave -i out.',
  )
}

/** Refuses a header without commas that has another delimiter: many spreadsheets write semicolons. */
function checkDelimiter(file: string, [only = '', ...others]: readonly string[], { delimiter }: InputPlan): void {
  const other = /[;\t|]/.exec(only)?.[0]
  if (others.length > 0 || delimiter !== undefined || other === undefined) return
  const shown = other === '\t' ? '--format tsv' : `--delimiter '${other}'`
  throw new UsageError(`${file}:1: expected columns with commas between them, got one: '${only}'. Add ${shown}.`)
}

function urlColumn(file: string, columns: readonly string[]): Fill {
  if (columns.includes('url')) return row => String(row['url'])
  const near = nearest('url', columns)
  const remedy = near === undefined ? '' : ` Or did you mean {${near}}: preq '{+${near}}' -i ${file}?`
  throw new UsageError(
    `${file}: expected a column 'url' or a URL with {columns} beside -i, got the columns ${columns.join(', ')}.${remedy}`,
  )
}

function linesFile(
  file: string,
  stream: Readable,
  template: string | undefined,
  input: InputPlan,
  readers: TemplateReaders,
): Omit<Opened, 'stream'> {
  const shown = file === '-' ? 'standard input' : file
  const remedy = input.format === undefined ? `Add --format csv or jsonl if ${shown} has columns.` : ''
  const fill = template === undefined ? undefined : readers.url(template, LINE, remedy)
  const make = readers.maker(LINE)
  checkVaried(file, input, LINE.names)
  return {
    columns: fill === undefined ? [] : LINE.names,
    rowColumns: LINE.names,
    jobs: ofLines(file, stream, fill, make, input),
  }
}

/** Whether a line of a list is a request: it is neither blank nor a comment. */
export function isListed(text: string): boolean {
  const content = text.trim()
  return content !== '' && !content.startsWith('#')
}

/** Removes a comment: `https://… # note`. URLs have no blanks, so a `#` after a blank is not a fragment. */
export function withoutNote(url: string): string {
  const at = url.search(/\s#/)
  return at === -1 ? url : url.slice(0, at).trimEnd()
}

/** The only column of a list. */
const LINE: Columns = { names: ['line'], from: 'header' }

async function* ofLines(
  file: string,
  stream: Readable,
  fill: Fill | undefined,
  make: MakeJob,
  format: TextFormat,
): Stream {
  for await (const lines of linesOf(stream, file, format)) yield jobsOf(lines)

  function* jobsOf(lines: readonly (Line | LongLine)[]): Generator<Job | Unusable, void> {
    for (const one of lines) {
      if ('problem' in one) {
        yield broken(file, one)
        continue
      }
      const { text, line } = one
      if (!isListed(text)) continue
      const content = fill === undefined ? withoutNote(text.trim()) : text.trim()
      if (content.includes('\0')) throw new UsageError(`${file}:${line}: ${HAS_NULS}`)
      const row = { line: content }
      const url = fill === undefined ? content : filled(fill, row, { file, line, row })
      if (url instanceof Unusable) yield url
      else for (const each of expanded(url)) yield make(each, row, { file, line, row })
    }
  }
}

async function* ofRows(
  file: string,
  rows: Awaited<ReturnType<typeof tableOf>>['rows'],
  url: Fill,
  make: MakeJob,
  mayHaveRanges: boolean,
): Stream {
  for await (const some of rows) yield mayHaveRanges ? ranged(some) : some.map(one => jobOf(one))

  function* ranged(some: readonly (NumberedRow | BrokenRow)[]): Generator<Job | Unusable, void> {
    for (const one of some) {
      if ('problem' in one) yield jobOf(one)
      else {
        const made = filled(url, one.row, { file, line: one.line, row: one.row })
        if (made instanceof Unusable) yield made
        else for (const each of expanded(made)) yield jobOf(one, each)
      }
    }
  }

  function jobOf(one: NumberedRow | BrokenRow, made?: string): Job | Unusable {
    const { line } = one
    if ('problem' in one) return broken(file, one)
    return make(made ?? url(one.row), one.row, { file, line, row: one.row })
  }
}
