/** Reads values of JSON, one per line or as elements of an array. Each is a request, or a row if a URL is given beside -i and a template uses columns. */
import { broken, filled, unusable } from './filled.ts'
import type { Job, Place, TemplateReaders, Stream } from './jobs.ts'
import { asRequest, objectOf } from './json-rows.ts'
import type { Line, LongLine } from './lines.ts'
import { expanded } from './range.ts'
import { bracesIn, isVaried, mayVary } from './requests.ts'
import type { MakeJob } from './requests.ts'
import type { InputPlan } from '../run-plan.ts'
import type { Columns } from '../template/braces.ts'
import type { Fill, Row } from '../template/text.ts'
import { isTemplate, plainUrl } from '../template/url.ts'
import { Unusable } from '../../config/unusable.ts'

type Texts = AsyncIterable<readonly (Line | LongLine)[]>
type JobsOf = (read: Row, place: Place, text: string) => Iterable<Job | Unusable>

/** @param texts the values, in batches */
export function ofJson(file: string, texts: Texts, input: InputPlan, readers: TemplateReaders): Stream {
  const [template] = input.urls
  const rows = template === undefined ? undefined : rowMaker(template, input, readers)
  if (rows !== undefined && (isTemplate(template as string) || mayVary(input))) return ofObjects(file, texts, rows)
  if (rows === undefined) return ofObjects(file, texts, requestMaker(input, readers))
  let requests: JobsOf | undefined
  // A name with blanks or quotes counts as a column as soon as one line has it.
  let areRows = false
  return ofObjects(file, texts, (read, place, text) => {
    areRows ||= isVaried(input, Object.keys(read))
    if (areRows) return rows(read, place, text)
    try {
      requests ??= requestMaker(input, readers)
    } catch (error) {
      return [unusable(error, place)]
    }
    return requests(read, place, text)
  })
}

async function* ofObjects(file: string, texts: Texts, jobsOf: JobsOf): Stream {
  for await (const some of texts) yield jobsIn(some)

  function* jobsIn(lines: readonly (Line | LongLine)[]): Generator<Job | Unusable, void> {
    for (const one of lines) {
      const { line } = one
      if ('problem' in one) {
        yield broken(file, one)
        continue
      }
      if (one.text.trim() === '') continue
      const read = objectOf(one.text)
      if (typeof read === 'string') yield broken(file, { problem: read, line })
      else yield* ofOne(read, { file, line }, one.text)
    }
  }

  /** A line may be nested so deeply that it can be parsed but not serialized again. */
  function* ofOne(read: Row, place: Place, text: string): Generator<Job | Unusable, void> {
    try {
      yield* jobsOf(read, place, text)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      const problem = `expected JSON that can be serialized again, got a value that cannot (${error.message}). Nest it less deeply.`
      yield broken(file, { problem, line: place.line })
    }
  }
}

function requestMaker(input: InputPlan, readers: TemplateReaders): JobsOf {
  const make = readers.maker({ names: [], from: 'header' })
  const fixed = plainUrl(input.urls[0] ?? '')
  const { url: _url, meta: itsPlace, ...common } = make('', {}, { file: undefined, line: 0 })
  const { limitKey, name } = itsPlace ?? {}
  return function* (line, where, text) {
    const read = asRequest(line, text)
    const meta = limitKey === undefined && name === undefined ? where : { ...where, limitKey, name }
    // The fields of the line take precedence over the flags.
    if (fixed === '' || read['url'] !== undefined) yield { ...common, ...read, meta } as unknown as Job
    else for (const url of expanded(fixed)) yield { ...common, ...read, url, meta }
  }
}

/** Rows may have different fields. A row that lacks a column fails alone. */
function rowMaker(template: string, input: InputPlan, readers: TemplateReaders): JobsOf {
  const asked = new Set(bracesIn(input))
  const known = new Set<string>()
  let makers: { readonly columns: string; readonly make: MakeJob; readonly url: Fill } | undefined
  return function* (row, where) {
    const place = { ...where, row }
    const names = Object.keys(row)
    const columns = names.join('\0')
    try {
      if (makers?.columns !== columns) {
        for (const name of names) if (asked.has(name)) known.add(name)
        const found: Columns = { names, from: 'row', elsewhere: [...known] }
        makers = { columns, make: readers.maker(found), url: readers.url(template, found) }
      }
    } catch (error) {
      return void (yield unusable(error, place))
    }
    const { make, url } = makers
    const made = filled(url, row, place)
    if (made instanceof Unusable) yield made
    else for (const each of expanded(made)) yield make(each, row, place)
  }
}
