/** The fields for columns of CSV and for `-w`: fields of every outcome, columns of the input, parts of `--select`. */
import type { Selection } from './select.ts'
import { partNamed } from '../chain/values.ts'
import type { Place } from '../input/jobs.ts'
import { cellText } from '../cell-text.ts'
import { itemNumberOf } from '../../sinks/item-rows.ts'
import {
  bytesIn,
  base64Of,
  errorBodyOf,
  finalUrlOf,
  headerColumn,
  locationOf,
  parentIdOf,
  printableKey,
  requestIdOf,
} from '../../sinks/row.ts'
import { printableUrl } from '../../core/url.ts'
import type { Outcome } from '../../index.ts'

export type Field = (outcome: Outcome) => unknown

export const OUTCOME_FIELDS: Readonly<Record<string, Field>> = {
  index: ({ index }) => index,
  request_id: requestIdOf,
  parent_id: parentIdOf,
  item_number: itemNumberOf,
  key: printableKey,
  method: ({ request }) => request.method,
  url: ({ request }) => printableUrl(request.url),
  ok: ({ ok }) => ok,
  status: ({ response }) => response?.status,
  attempts: ({ attempts }) => attempts,
  bytes: ({ response }) => response?.bytes,
  error: ({ error }) => error?.code,
  message: ({ error }) => error?.message,
  error_body: outcome => errorBodyOf(outcome)?.body,
  final_url: finalUrlOf,
  location: locationOf,
  total_ms: ({ timings }) => Math.round(timings.total * 10) / 10,
  value: ({ value }) => withoutBytes(value),
  line_number: outcome => placeOf(outcome)?.line,
}

export type Fields = Readonly<Record<string, Field>>

/**
 * A bare name is a field of the outcome, otherwise a response header, a selected part or a column of the input. Data of
 * the input therefore cannot replace the result of a request. `header.NAME`, `value.NAME` and `row.NAME` always are the
 * header, the selected part and the column. With `--select`, `value` is the selection, as in JSON lines.
 */
export function fieldsOf(
  columns: readonly string[],
  selection: Selection | undefined,
  headers: readonly string[] = [],
  stages = 0,
): Fields {
  const parts = selection?.parts ?? []
  const ofHeaders = headers.map(headerColumn).map(({ name, value }): [string, Field] => [name, value])
  const ofColumns = columns.map((column): [string, Field] => [column, columnField(column)])
  const ofParts = parts.map(({ name, of }): [string, Field] => [name, ({ ok, value }) => (ok ? of(value) : undefined)])
  return {
    ...Object.fromEntries([...ofColumns, ...ofParts, ...ofHeaders]),
    ...Object.fromEntries(ofHeaders.map(([name, field]) => [`${HEADER}${name}`, field])),
    ...Object.fromEntries(ofColumns.map(([name, field]) => [`${ROW}${name}`, field])),
    ...Object.fromEntries(ofParts.map(([name, field]) => [`${VALUE}${name}`, field])),
    ...Object.fromEntries(Array.from({ length: stages }, (_, at) => stageField(`${at + 1}.value`))),
    ...OUTCOME_FIELDS,
    ...(selection && { value: ({ ok, value }) => (ok ? withoutBytes(selection.of(value)) : undefined) }),
  }
}

const HEADER = 'header.'
const ROW = 'row.'
const VALUE = 'value.'

/** If the columns are not known before the run, as with lines of JSON, `row.NAME` accepts any name. */
export function fieldNamed(name: string, fields: Fields): Field | undefined {
  if (Object.hasOwn(fields, name)) return fields[name]
  const [stage = ''] = /^[1-9]\d*\.value(?=\.)/.exec(name) ?? []
  if (Object.hasOwn(fields, stage)) return stageField(name)[1]
  if (!name.startsWith(ROW) || Object.keys(fields).some(known => known.startsWith(ROW))) return undefined
  return columnField(name.slice(ROW.length))
}

/** The bare name if it refers to this column or part, the prefixed name otherwise. */
export const columnName = (name: string, fields: Fields): string => plainName(name, ROW, fields)
export const headerName = (name: string, fields: Fields): string => plainName(name, HEADER, fields)
export const partName = (name: string, fields: Fields): string => plainName(name, VALUE, fields)

function plainName(name: string, prefix: string, fields: Fields): string {
  return fields[name] === fields[`${prefix}${name}`] ? name : `${prefix}${name}`
}

function columnField(column: string): Field {
  const cell: Field = outcome => placeOf(outcome)?.row?.[column]
  // A column named `url` is treated as a URL, so its secrets are redacted.
  if (column === 'url') return outcome => printableUrl(cellText(cell(outcome)))
  return outcome => {
    const found = cell(outcome)
    // Secrets are also redacted in a cell with a URL, because it may be the URL of the request.
    return typeof found === 'string' && found.includes('://') ? printableUrl(found) : found
  }
}

/** A part of the value of a stage that led to a request of `--then`: `1.value.id`. */
const stageField = (name: string): readonly [string, Field] => [
  name,
  outcome => partNamed(name, placeOf(outcome)?.values ?? []),
]

export const placeOf = ({ request }: Outcome): Place | undefined => request.meta as Place | undefined

function withoutBytes(value: unknown): unknown {
  const bytes = bytesIn(value)
  return bytes === undefined ? value : base64Of(bytes)
}
