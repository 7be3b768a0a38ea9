/** One of `json`, `form`, `multipart`, `body` → what goes on the wire and the content type that says so. */
import type { Body, Chunks } from '../core/body.ts'
import { pairsOf } from '../core/url.ts'
import { jsonText } from './json-body.ts'
import { problem } from './kinds.ts'
import { readMultipart } from './multipart-input.ts'
import { readPairs } from './query-input.ts'
import { isFormData, readRaw } from './raw-body.ts'

export interface BodyPlan {
  readonly body: Body
  readonly contentType: string | undefined
  /** False where a stream at hand is in it: it can be read once. */
  readonly replayable: boolean
  /** Those at hand. Absent where there are none. */
  readonly streams?: readonly Chunks[]
}

export interface BodyFields {
  readonly json?: unknown
  readonly form?: unknown
  readonly multipart?: unknown
  readonly body?: unknown
}

const FIELDS = ['json', 'form', 'multipart', 'body'] as const satisfies readonly (keyof BodyFields)[]

export const hasBody = (fields: BodyFields): boolean => FIELDS.some(name => fields[name] !== undefined)

/** The body of the fields, or undefined when there is none; two at once, or one that cannot be sent, is a problem. */
export function bodyOf(fields: BodyFields, problems: string[]): BodyPlan | undefined {
  const given = FIELDS.filter(name => fields[name] !== undefined)
  if (given.length > 1) {
    problems.push(problem('body', 'one of json, form, multipart and body', given.join(' and '), 'Keep one of them.'))
    return undefined
  }
  if (given[0] === 'json') return jsonBody(fields.json, problems)
  if (given[0] === 'form') return formBody(fields.form, problems)
  if (given[0] === 'multipart') return multipartBody(fields.multipart, 'multipart', problems)
  if (given[0] !== 'body') return undefined
  if (fields.body instanceof URLSearchParams) return encoded(fields.body)
  return isFormData(fields.body) ? multipartBody(fields.body, 'body', problems) : readRaw(fields.body, problems)
}

function jsonBody(value: unknown, problems: string[]): BodyPlan | undefined {
  const body = jsonText(value, problems)
  return body === undefined ? undefined : { body, contentType: 'application/json', replayable: true }
}

function formBody(form: unknown, problems: string[]): BodyPlan | undefined {
  if (form instanceof URLSearchParams) return encoded(form)
  const read = readPairs(form, 'form', problems)
  return read && encoded(new URLSearchParams(pairsOf(read)))
}

function encoded(fields: URLSearchParams): BodyPlan {
  return { body: fields.toString(), contentType: 'application/x-www-form-urlencoded', replayable: true }
}

function multipartBody(given: unknown, name: string, problems: string[]): BodyPlan | undefined {
  const parts = readMultipart(given, name, problems)
  if (parts === undefined) return undefined
  // Of its own for each body: who knows one must not be able to end a part of another.
  const boundary = `preq-${crypto.randomUUID().replaceAll('-', '')}`
  return {
    body: { boundary, parts },
    contentType: `multipart/form-data; boundary=${boundary}`,
    replayable: parts.every(({ replayable }) => replayable),
    streams: parts.flatMap(({ stream }) => stream ?? []),
  }
}
