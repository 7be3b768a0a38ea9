/** The input of a run as requests, one after the other; each knows where it stands, for messages and for the output. */
import { once } from 'node:events'
import { createReadStream, fstatSync, openSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import { extname } from 'node:path'
import type { Readable } from 'node:stream'
import { flattened } from './batches.ts'
import { linesOf } from './lines.ts'
import type { Line } from './lines.ts'
import { countOf, expanded } from './range.ts'
import { jobMaker } from './requests.ts'
import type { MakeJob } from './requests.ts'
import { tableOf } from './rows.ts'
import type { BrokenRow, NumberedRow } from './rows.ts'
import { objectOf } from './json-rows.ts'
import { isTemplate, urlTemplate } from './url-template.ts'
import type { Row } from './url-template.ts'
import type { InputFormat, InputPlan } from '../run-plan.ts'
import { UsageError } from '../usage-error.ts'
import { nearest } from '../../config/names.ts'
import { Unusable } from '../../core/unusable.ts'
import { reasonOf } from '../../core/callback.ts'
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
  const format = input.format ?? formatOf(file)
  const stream = await open(file)
  switch (format) {
    case 'lines':
      return { columns: [], jobs: ofLines(file, stream, template, input), stream }
    case 'jsonl':
      return { columns: [], jobs: ofJsonLines(file, stream, template, input), stream }
    case 'csv':
    case 'tsv': {
      const { columns, rows } = await tableOf(stream, file, format === 'csv' ? ',' : '\t')
      const url = template === undefined ? urlColumn(file, columns) : urlTemplate(template, columns)
      const make = jobMaker(input, columns)
      return { columns, jobs: ofRows(file, rows, url, make), stream }
    }
  }
}

function formatOf(file: string): InputFormat {
  const ending = extname(file).toLowerCase()
  if (ending === '.csv') return 'csv'
  if (ending === '.tsv' || ending === '.tab') return 'tsv'
  return ending === '.jsonl' || ending === '.ndjson' ? 'jsonl' : 'lines'
}

/** Opened before anything is sent, so that a name that is wrong is heard of then. */
async function open(file: string): Promise<Readable> {
  if (file === '-') return standardInput()
  // Read as a file, a pipe could not be let go of before its writer says something.
  if (statSync(file, { throwIfNoEntry: false })?.isFIFO() === true) {
    return new Socket({ fd: openSync(file, 'r'), writable: false })
  }
  const stream = createReadStream(file)
  try {
    await once(stream, 'ready')
    if (statSync(file).isDirectory()) throw new Error(A_FOLDER)
  } catch (error) {
    stream.destroy()
    throw new UsageError(`-i: expected a file that can be read, got ${file} (${reasonOf(error)}).`)
  }
  return stream
}

const A_FOLDER = 'it is a folder'

/** Of a folder, Node would make an empty text. */
function standardInput(): Readable {
  if (!fstatSync(0).isDirectory()) return process.stdin
  throw new UsageError(`-i: expected a file that can be read, got standard input (${A_FOLDER}).`)
}

function urlColumn(file: string, columns: readonly string[]): (row: Row) => string {
  if (columns.includes('url')) return row => String(row['url'])
  const near = nearest('url', columns)
  const remedy = near === undefined ? '' : ` Or did you mean {${near}}: preq '{+${near}}' -i ${file}?`
  throw new UsageError(
    `${file}: expected a column 'url' or a URL with {columns} beside -i, got the columns ${columns.join(', ')}.${remedy}`,
  )
}

async function* ofLines(file: string, stream: Readable, template: string | undefined, input: InputPlan): Stream {
  const make = jobMaker(input, template === undefined ? [] : ['line'])
  const fill = template === undefined ? undefined : urlTemplate(template, ['line'])
  for await (const lines of linesOf(stream, file)) yield jobsOf(lines)

  function* jobsOf(lines: readonly Line[]): Generator<Job, void> {
    for (const { text, line } of lines) {
      const content = text.trim()
      if (content === '' || content.startsWith('#')) continue
      if (content.includes('\0')) throw new UsageError(`${file}:${line}: expected text, got bytes that are none.`)
      const row = { line: content }
      if (fill !== undefined) yield make(fill(row), row, { file, line, row })
      else for (const url of expanded(content)) yield make(url, {}, { file, line })
    }
  }
}

async function* ofRows(
  file: string,
  rows: Awaited<ReturnType<typeof tableOf>>['rows'],
  url: (row: Row) => string,
  make: MakeJob,
): Stream {
  for await (const some of rows) yield some.map(jobOf)

  function jobOf(one: NumberedRow | BrokenRow): Job | Unusable {
    const { line } = one
    if ('problem' in one) return new Unusable(`${file}:${line}: ${one.problem}`, '', { file, line })
    return make(url(one.row), one.row, { file, line, row: one.row })
  }
}

async function* ofJsonLines(file: string, stream: Readable, template: string | undefined, input: InputPlan): Stream {
  const isRow = template !== undefined && isTemplate(template)
  const common = isRow ? undefined : alike(input)
  const jobOf = rowMaker(file, template ?? '', input)
  for await (const lines of linesOf(stream, file)) yield jobsOf(lines)

  function* jobsOf(lines: readonly Line[]): Generator<Job | Unusable, void> {
    for (const { text, line } of lines) {
      if (text.trim() === '') continue
      const place: Place = { file, line }
      const read = objectOf(text)
      if (typeof read === 'string') yield new Unusable(`${file}:${line}: ${read}`, '', place)
      else if (common === undefined) yield jobOf(read, place)
      else yield { ...common, ...read, meta: place } as unknown as Job
    }
  }
}

/** Rows may differ: what one of them lacks is its own trouble. */
function rowMaker(file: string, template: string, input: InputPlan): (row: Row, place: Place) => Job | Unusable {
  let makers: { readonly columns: string; readonly make: MakeJob; readonly url: (row: Row) => string } | undefined
  return (row, place) => {
    const columns = Object.keys(row)
    const shape = columns.join('\0')
    try {
      if (makers?.columns !== shape) {
        makers = { columns: shape, make: jobMaker(input, columns), url: urlTemplate(template, columns) }
      }
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      return new Unusable(`${file}:${place.line}: ${error.message}`, '', place)
    }
    return makers.make(makers.url(row), row, { ...place, row })
  }
}

/** What flags say of all requests; a request's own fields win. */
function alike(input: InputPlan): Partial<Job> {
  const { url: _url, meta: _meta, ...fields } = jobMaker(input, [])('', {}, { file: undefined, line: 0 })
  return fields
}
