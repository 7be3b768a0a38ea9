/** What a column of CSV or a {field} of `-w` may be: what every outcome has, the input's columns, the selected parts. */
import type { Part } from './select.ts'
import type { Place } from '../input/jobs.ts'
import { bytesIn, base64Of } from '../../sinks/row.ts'
import { printableUrl } from '../../core/url.ts'
import type { Outcome } from '../../index.ts'

export type Field = (outcome: Outcome) => unknown

export const OUTCOME_FIELDS: Readonly<Record<string, Field>> = {
  index: ({ index }) => index,
  key: ({ key }) => key,
  method: ({ request }) => request.method,
  url: ({ request }) => printableUrl(request.url),
  ok: ({ ok }) => ok,
  status: ({ response }) => response?.status,
  attempts: ({ attempts }) => attempts,
  bytes: ({ response }) => response?.bytes,
  error: ({ error }) => error?.code,
  message: ({ error }) => error?.message,
  total_ms: ({ timings }) => Math.round(timings.total * 10) / 10,
  value: ({ value }) => shown(value),
  line: outcome => placeOf(outcome)?.line,
}

/** Over those of the outcome, the columns of the input; over both, the selected parts. */
export function fieldsOf(columns: readonly string[], parts: readonly Part[]): Readonly<Record<string, Field>> {
  return {
    ...OUTCOME_FIELDS,
    ...Object.fromEntries(columns.map(column => [column, columnField(column)])),
    ...Object.fromEntries(
      parts.map(({ name, of }) => [name, (outcome: Outcome) => (outcome.ok ? of(outcome.value) : undefined)]),
    ),
  }
}

const columnField =
  (column: string): Field =>
  outcome =>
    placeOf(outcome)?.row?.[column]

export const placeOf = ({ request }: Outcome): Place | undefined => request.meta as Place | undefined

function shown(value: unknown): unknown {
  const bytes = bytesIn(value)
  return bytes === undefined ? value : base64Of(bytes)
}
