/** Makes the request of a row: method, headers, query, body and key come from the flags, with the columns filled in. */
import { fileBody } from './file-body.ts'
import type { Place, Job } from './jobs.ts'
import { contentsOf, mayNameColumn } from '../template/braces.ts'
import type { Columns } from '../template/braces.ts'
import { jsonTemplate } from '../template/json.ts'
import { bodyTemplate as textBodyTemplate, knownTemplate, nameTemplate, textTemplate } from '../template/text.ts'
import type { Fill, Row } from '../template/text.ts'
import type { InputPlan } from '../run-plan.ts'
import { pastedTemplate } from '../curl/body-template.ts'
import type { CurlPart } from '../curl/form.ts'
import { UsageError } from '../usage-error.ts'
import { markCommon } from '../../config/common.ts'
import { parseAsWritten } from '../../core/exact-json.ts'
import type { Writable } from '../../core/writable.ts'
import type { CostInput, FileInput } from '../../index.ts'

/** Makes the request for the URL of a row. */
export type MakeJob = (url: string, row: Row, meta: Place) => Job

/** @param sentAsIs is called with braces of a body that look like a column, are none, and are sent unchanged */
export function jobMaker(
  input: InputPlan,
  columns: Columns,
  sentAsIs: (brace: string) => void = () => undefined,
): MakeJob {
  const { method, returnType } = input
  const auth = input.auth && markCommon(input.auth)
  const headers = pairsTemplate(input.headers, columns, '-H')
  const params = pairsTemplate(input.params, columns, '--param')
  const key = input.key === undefined ? undefined : nameTemplate(input.key, columns, '--key')
  const body = requestBodyTemplate(input.body, columns, sentAsIs)
  const cost = costTemplate(input.cost, columns)
  const checksum = input.checksum === undefined ? undefined : textTemplate(input.checksum, columns, '--checksum')
  const place = placeTemplate(input, columns)
  checkConstants(input.constants, columns)
  // Assigns field by field, because this runs for every request.
  return (url, row, where) => {
    const job: Writable<Job> = { url, meta: place === undefined ? where : { ...where, ...place(row) } }
    if (method !== undefined) job.method = method
    if (returnType !== undefined) job.returnType = returnType
    if (headers !== undefined) job.headers = headers(row)
    if (params !== undefined) job.params = paramsOf(params(row))
    if (auth !== undefined) job.auth = auth
    if (key !== undefined) job.key = key(row)
    if (cost !== undefined) job.cost = cost(row)
    if (checksum !== undefined) job.checksum = checksum(row)
    return body === undefined ? job : Object.assign(job, body(row))
  }
}

/** Credentials and similar texts are the same for all rows, so a column in them is refused. The message omits the text. */
function checkConstants(constants: InputPlan['constants'], { names }: Columns): void {
  for (const { flag, text, remedy } of constants) {
    const column = contentsOf(text).find(content => names.includes(content))
    if (column === undefined) continue
    throw new UsageError(`${flag}: expected a text for all rows, got the column {${column}}. ${remedy}`)
  }
}

/** Values of the row that are not part of the request. */
function placeTemplate(
  { limitKey, name }: InputPlan,
  columns: Columns,
): ((row: Row) => Pick<Place, 'limitKey' | 'name'>) | undefined {
  if (limitKey === undefined && name === undefined) return undefined
  const fillKey = limitKey === undefined ? undefined : knownTemplate(limitKey, columns, '--limit-key')
  const fillName = name === undefined ? undefined : knownTemplate(name, columns, '--name')
  return row => ({ limitKey: fillKey?.(row), name: fillName?.(row) })
}

/** Whether a text other than the URL has braces that may name a column. */
export function mayVary(input: InputPlan): boolean {
  return varyingTexts(input).some(text => mayNameColumn(text))
}

/** Whether these columns change any part of a request other than its URL. */
export function isVaried(input: InputPlan, columns: readonly string[]): boolean {
  return varyingTexts(input).some(text => hasColumn(text, columns))
}

/** The contents of all braces outside the URL, which may name columns. */
export const bracesIn = (input: InputPlan): string[] => varyingTexts(input).flatMap(contentsOf)

const hasColumn = (text: string, columns: readonly string[]): boolean =>
  contentsOf(text).some(content => columns.includes(content))

function varyingTexts({ headers, params, body, cost, checksum, key, limitKey }: InputPlan): string[] {
  const fields = body === undefined ? [] : bodyPairs(body)
  const bodyText = body !== undefined && 'text' in body ? body.text : ''
  const others = [bodyText, checksum, key, limitKey].filter(text => text !== undefined)
  return [...[...headers, ...params, ...fields].flat(), ...cost.map(([, amount]) => amount), ...others]
}

function bodyPairs(body: NonNullable<InputPlan['body']>): Pairs {
  if ('fields' in body) return body.fields
  if (body.kind !== 'parts') return []
  return body.parts.map(({ name, value }) => [name, 'path' in value ? value.path : value.text])
}

type Pairs = readonly (readonly [string, string])[]

function pairsTemplate(pairs: Pairs, columns: Columns, flag: string): ((row: Row) => [string, string][]) | undefined {
  if (pairs.length === 0) return undefined
  const filled = pairs.map(pair => pairTemplate(pair, columns, flag))
  return row => filled.map(fill => fill(row))
}

function pairTemplate(
  given: readonly [string, string],
  columns: Columns,
  flag: string,
): (row: Row) => [string, string] {
  const [name, value] = given.map(text => textTemplate(text, columns, flag)) as [Fill, Fill]
  if (given.some(text => hasColumn(text, columns.names))) return row => [name(row), value(row)]
  // A constant for all rows. It may differ when the run is resumed.
  const pair = markCommon<[string, string]>([name({}), value({})])
  return () => pair
}

/** A repeated name gets all its values. */
function paramsOf(pairs: Pairs): Record<string, string | string[]> {
  const params = new Map<string, string | string[]>()
  for (const [name, value] of pairs) {
    const before = params.get(name)
    params.set(name, before === undefined ? value : [before, value].flat())
  }
  return Object.fromEntries(params)
}

function requestBodyTemplate(
  body: InputPlan['body'],
  columns: Columns,
  sentAsIs: (brace: string) => void,
): ((row: Row) => Partial<Job>) | undefined {
  switch (body?.kind) {
    case undefined:
      return undefined
    case 'form': {
      const fields = pairsTemplate(body.fields, columns, '--form')
      return row => ({ form: paramsOf(fields?.(row) ?? []) })
    }
    case 'multipart': {
      const parts = body.fields.map(([name, text]) => partTemplate(name, text, columns))
      return row => ({ multipart: parts.map(part => part(row)) })
    }
    case 'file':
      return requestBodyTemplate(fileBody(body.path, false), columns, sentAsIs)
    case 'text': {
      const fill = textBodyTemplate(body.text, columns, sentAsIs)
      if (body.asBytes !== true) return row => ({ body: fill(row) })
      if (hasColumn(body.text, columns.names)) return row => ({ body: Buffer.from(fill(row)) })
      const bytes = Buffer.from(fill({}))
      return () => ({ body: bytes })
    }
    case 'raw': {
      const { content } = body
      return () => ({ body: content })
    }
    case 'pasted': {
      const fill = pastedTemplate(body.text, body.contentType, columns, sentAsIs)
      return row => ({ body: fill(row) })
    }
    case 'parts': {
      const parts = body.parts.map(part => pastedPart(part, columns))
      return row => ({ multipart: parts.map(part => part(row)) })
    }
    case 'json': {
      const fill = jsonTemplate(body.text, columns, sentAsIs)
      return row => ({ json: parseAsWritten(fill(row)) })
    }
  }
}

/** Only an `@` in the flag attaches a file. A cell that begins with `@` is text, so that rows cannot name files to read. */
function partTemplate(name: string, text: string, columns: Columns): (row: Row) => MultipartPart {
  const fillName = textTemplate(name, columns, '--multipart')
  const fill = textTemplate(text.startsWith('@') ? text.slice(1) : text, columns, '--multipart')
  return text.startsWith('@') ? row => [fillName(row), { path: fill(row) }] : row => [fillName(row), fill(row)]
}

type MultipartPart = readonly [name: string, value: string | FileInput]

/** Sends a part as curl does: a field has no filename, and its line ends stay unchanged. */
function pastedPart({ name, value, filename, type }: CurlPart, columns: Columns): (row: Row) => MultipartPart {
  const more = { filename: filename ?? null, ...(type !== undefined && { type }) }
  const fill = textTemplate('path' in value ? value.path : value.text, columns, '--curl: -F')
  return row => [name, 'path' in value ? { path: fill(row), ...more } : { data: fill(row), ...more }]
}

function costTemplate(given: InputPlan['cost'], columns: Columns): ((row: Row) => CostInput) | undefined {
  const fills = given.map(([name, amount]) => [name, textTemplate(amount, columns, '--cost')] as const)
  const [first] = fills
  if (first === undefined) return undefined
  const [name, fill] = first
  if (name === undefined) return row => amountOf(fill(row)) as CostInput
  return row => Object.fromEntries(fills.map(([budget, one]) => [budget, amountOf(one(row))])) as CostInput
}

/** Returns other text unchanged; the check of `cost` then fails the row. */
function amountOf(text: string): number | string {
  return /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : text
}
