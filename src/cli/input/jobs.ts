/** The input of a run as requests, one after the other; each knows where it stands, for messages and for the output. */
import type { Readable } from 'node:stream'
import { flattened } from './batches.ts'
import { shapeOf } from './format.ts'
import { linesOf } from './lines.ts'
import type { Line, LongLine, TextFormat } from './lines.ts'
import { openInput } from './open-input.ts'
import { countOf, expanded } from './range.ts'
import { isVaried, jobMaker } from './requests.ts'
import type { MakeJob } from './requests.ts'
import { tableOf } from './rows.ts'
import type { BrokenRow, NumberedRow } from './rows.ts'
import { objectOf, requestOf } from './json-rows.ts'
import { isTemplate, urlTemplate } from './url-template.ts'
import type { Row } from './url-template.ts'
import type { InputPlan } from '../run-plan.ts'
import { UsageError } from '../usage-error.ts'
import { nearest } from '../../config/names.ts'
import { Unusable } from '../../core/unusable.ts'
import type { RequestSpec } from '../../index.ts'

/** Where a request comes from; the `meta` of its spec. */
export interface Place {
  /** Undefined for the command line. */
  readonly file: string | undefined
  /** From 1: of the file, or of the URLs of the command line. */
  readonly line: number
  /** Its columns, where it is a row. */
  readonly row?: Row
}

export type Job = RequestSpec<unknown, Place>

export interface Jobs extends AsyncIterable<Job | Unusable> {
  /** How many there are, where that is known before the first. */
  readonly total: number | undefined
  /** Names of the columns that rows have; none for lists. */
  readonly columns: readonly string[]
  /** Whoever still writes to standard input or a pipe would keep a process that is done. */
  close(): void
}

/** As many at once as a piece of the input holds. */
type Stream = AsyncGenerator<Iterable<Job | Unusable>, void>

interface Opened {
  readonly columns: readonly string[]
  readonly jobs: Stream
  readonly stream: Readable
}

/** Throws a UsageError for what can be known to be wrong before anything is sent. */
export async function openJobs(input: InputPlan): Promise<Jobs> {
  const { urls, files } = input
  if (files.length === 0) {
    for (const url of urls) urlTemplate(url, [])
    const total = urls.reduce((sum, url) => sum + countOf(url), 0)
    const jobs = ofUrls(urls, jobMaker(input, []))
    return { total, columns: [], close: () => undefined, [Symbol.asyncIterator]: () => flattened(jobs) }
  }
  const opened: Opened[] = []
  for (const file of files) opened.push(await openFile(file, input))
  const columns = [...new Set(opened.flatMap(one => one.columns))]
  return {
    total: undefined,
    columns,
    close() {
      for (const { stream } of opened) stream.destroy()
    },
    [Symbol.asyncIterator]: () => flattened(all(opened)),
  }
}

async function* all(opened: readonly Opened[]): Stream {
  for (const { jobs } of opened) yield* jobs
}

async function* ofUrls(urls: readonly string[], make: MakeJob): Stream {
  yield (function* () {
    let line = 0
    for (const url of urls) for (const one of expanded(url)) yield make(one, {}, { file: undefined, line: ++line })
  })()
}

async function openFile(file: string, input: InputPlan): Promise<Opened> {
  const [template] = input.urls
  const shape = shapeOf(file, input)
  const isVarying = template === undefined || isTemplate(template) || isVaried(input)
  if (!isVarying && shape.format !== 'jsonl') throw allAlike(file, template)
  const stream = await openInput(file, shape.isGzip)
  switch (shape.format) {
    case 'lines':
      return { ...linesFile(file, stream, template, input), stream }
    case 'jsonl': {
      // Without a {column} anywhere the lines are requests, and the URL is that of those without one.
      const asRows = template !== undefined && isVarying
      const jobs = asRows ? ofJsonRows(file, stream, template, input) : ofRequests(file, stream, input)
      return { columns: [], jobs, stream }
    }
    case 'csv': {
      const { columns, rows } = await tableOf(stream, file, {
        ...shape,
        encoding: input.encoding,
        maxLine: input.maxLine,
      })
      checkDelimiter(file, columns, input)
      const url = template === undefined ? urlColumn(file, columns) : urlTemplate(template, columns)
      return { columns, jobs: ofRows(file, rows, url, jobMaker(input, columns), template !== undefined), stream }
    }
  }
}

function allAlike(file: string, template: string): UsageError {
  // What is wrong with its braces comes first.
  urlTemplate(template, [])
  return new UsageError(
    `-i: expected a {column} of ${file} in the URL, a header or the body, got none: all requests would be the same. ` +
      'Add one, or leave -i out.',
  )
}

/** Half the world's spreadsheets write semicolons. */
function checkDelimiter(file: string, [only = '', ...others]: readonly string[], { delimiter }: InputPlan): void {
  const other = /[;\t|]/.exec(only)?.[0]
  if (others.length > 0 || delimiter !== undefined || other === undefined) return
  const shown = other === '\t' ? '--format tsv' : `--delimiter '${other}'`
  throw new UsageError(`${file}:1: expected columns with commas between them, got one: '${only}'. Add ${shown}.`)
}

function urlColumn(file: string, columns: readonly string[]): (row: Row) => string {
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
): Omit<Opened, 'stream'> {
  const shown = file === '-' ? 'standard input' : file
  const remedy = input.format === undefined ? `Add --format csv or jsonl if ${shown} has columns.` : ''
  const fill = template === undefined ? undefined : urlTemplate(template, LINE, remedy)
  const make = jobMaker(input, LINE)
  return { columns: fill === undefined ? [] : LINE, jobs: ofLines(file, stream, fill, make, input) }
}

/** A row that cannot be sent, and why; the others go on. */
const unusable = (file: string, { problem, line }: LongLine): Unusable =>
  new Unusable(`${file}:${line}: ${problem}`, '', { file, line })

/** `https://… # note`: no URL has a blank in it, so that what follows one and a `#` is not for the server. */
const withoutNote = (url: string): string => url.replace(/\s+#.*$/, '')

/** The column of a list. */
const LINE = ['line']

async function* ofLines(
  file: string,
  stream: Readable,
  fill: ((row: Row) => string) | undefined,
  make: MakeJob,
  format: TextFormat,
): Stream {
  for await (const lines of linesOf(stream, file, format)) yield jobsOf(lines)

  function* jobsOf(lines: readonly (Line | LongLine)[]): Generator<Job | Unusable, void> {
    for (const one of lines) {
      if ('problem' in one) {
        yield unusable(file, one)
        continue
      }
      const { text, line } = one
      const content = fill === undefined ? withoutNote(text.trim()) : text.trim()
      if (content === '' || content.startsWith('#')) continue
      if (content.includes('\0')) throw new UsageError(`${file}:${line}: expected text, got bytes that are none.`)
      const row = { line: content }
      for (const url of expanded(fill === undefined ? content : fill(row))) yield make(url, row, { file, line, row })
    }
  }
}

async function* ofRows(
  file: string,
  rows: Awaited<ReturnType<typeof tableOf>>['rows'],
  url: (row: Row) => string,
  make: MakeJob,
  mayHaveRanges: boolean,
): Stream {
  for await (const some of rows) yield mayHaveRanges ? ranged(some) : some.map(one => jobOf(one))

  function* ranged(some: readonly (NumberedRow | BrokenRow)[]): Generator<Job | Unusable, void> {
    for (const one of some) {
      if ('problem' in one) yield jobOf(one)
      else for (const each of expanded(url(one.row))) yield jobOf(one, each)
    }
  }

  function jobOf(one: NumberedRow | BrokenRow, filled?: string): Job | Unusable {
    const { line } = one
    if ('problem' in one) return unusable(file, one)
    return make(filled ?? url(one.row), one.row, { file, line, row: one.row })
  }
}

async function* ofJsonRows(file: string, stream: Readable, template: string, input: InputPlan): Stream {
  const jobsOf = rowMaker(file, template, input)
  for await (const lines of linesOf(stream, file, input)) yield jobsIn(lines)

  function* jobsIn(lines: readonly (Line | LongLine)[]): Generator<Job | Unusable, void> {
    for (const one of lines) {
      const { line } = one
      if ('text' in one && one.text.trim() === '') continue
      const read = 'problem' in one ? one.problem : objectOf(one.text)
      if (typeof read === 'string') yield unusable(file, { problem: read, line })
      else yield* jobsOf(read, { file, line })
    }
  }
}

async function* ofRequests(file: string, stream: Readable, input: InputPlan): Stream {
  const common = alike(input)
  const [fixed = ''] = input.urls
  for await (const lines of linesOf(stream, file, input)) yield jobsIn(lines)

  function* jobsIn(lines: readonly (Line | LongLine)[]): Generator<Job | Unusable, void> {
    for (const one of lines) {
      const { line } = one
      if ('text' in one && one.text.trim() === '') continue
      const place: Place = { file, line }
      const read = 'problem' in one ? one.problem : requestOf(one.text)
      if (typeof read === 'string') yield unusable(file, { problem: read, line })
      else if (fixed === '' || read['url'] !== undefined) yield { ...common, ...read, meta: place } as unknown as Job
      else for (const url of expanded(fixed)) yield { ...common, ...read, url, meta: place }
    }
  }
}

/** Rows may differ: what one of them lacks is its own trouble. */
function rowMaker(
  file: string,
  template: string,
  input: InputPlan,
): (row: Row, place: Place) => Iterable<Job | Unusable> {
  let makers: { readonly columns: string; readonly make: MakeJob; readonly url: (row: Row) => string } | undefined
  return function* (row, place) {
    const columns = Object.keys(row)
    const shape = columns.join('\0')
    try {
      if (makers?.columns !== shape) {
        makers = { columns: shape, make: jobMaker(input, columns), url: urlTemplate(template, columns) }
      }
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      return void (yield new Unusable(`${file}:${place.line}: ${error.message}`, '', place))
    }
    const { make, url } = makers
    for (const each of expanded(url(row))) yield make(each, row, { ...place, row })
  }
}

/** What flags say of all requests; a request's own fields win. */
function alike(input: InputPlan): Partial<Job> {
  const { url: _url, meta: _meta, ...fields } = jobMaker(input, [])('', {}, { file: undefined, line: 0 })
  return fields
}
