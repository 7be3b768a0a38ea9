/** One of `json`, `form`, `multipart`, `body` → the bytes or stream to send, and their content type. */
import type { Body, Chunks } from '../core/body.ts'
import { pairsOf } from '../core/url.ts'
import { jsonText } from './json-body.ts'
import { problem } from './kinds.ts'
import type { Read } from './kinds.ts'
import { readMultipart } from './multipart-input.ts'
import { readPairs } from './query-input.ts'
import { isFormData, readRaw } from './raw-body.ts'
import type { Problem } from '../core/problem.ts'

export interface BodyPlan {
  readonly body: Body
  readonly contentType: string | undefined
  /** False if the body includes an open stream, which can be read only once. */
  readonly replayable: boolean
  /** The open streams of the body; absent if there are none. */
  readonly streams?: readonly Chunks[]
  /** The value as the caller wrote it. */
  readonly given: unknown
}

export interface BodyFields {
  readonly json?: unknown
  readonly form?: unknown
  readonly multipart?: unknown
  readonly body?: unknown
}

export const BODY_FIELDS = ['json', 'form', 'multipart', 'body'] as const satisfies readonly (keyof BodyFields)[]

export const hasBody = (fields: BodyFields): boolean => BODY_FIELDS.some(name => fields[name] !== undefined)

/**
 * The body of the fields; undefined if there is none. Two fields at once, or a body that cannot be sent, are a problem.
 */
export function bodyPlanOf(fields: BodyFields, problems: Problem[]): BodyPlan | undefined {
  const given = BODY_FIELDS.filter(name => fields[name] !== undefined)
  const [name] = given
  if (name === undefined) return undefined
  if (given.length === 1) return READERS[name](fields[name], name, problems)
  problems.push(severalBodies(given))
  return undefined
}

export const severalBodies = (given: readonly string[]): Problem =>
  problem('body', 'one of json, form, multipart and body', given.join(' and '), 'Keep one of them.')

export const readJson: Read<BodyPlan> = (given, _name, problems) => {
  const body = jsonText(given, problems)
  return body === undefined ? undefined : { body, contentType: 'application/json', replayable: true, given }
}

export const readForm: Read<BodyPlan> = (given, name, problems) => {
  if (given instanceof URLSearchParams) return formBody(given, given)
  const read = readPairs(given, name, problems)
  return read && formBody(new URLSearchParams(pairsOf(read)), given)
}

export const readParts: Read<BodyPlan> = (given, name, problems) => {
  const parts = readMultipart(given, name, problems)
  if (parts === undefined) return undefined
  // A new boundary for each body: someone who knows one boundary must not be able to end a part of another body.
  const boundary = `preq-${crypto.randomUUID().replaceAll('-', '')}`
  return {
    body: { boundary, parts },
    contentType: `multipart/form-data; boundary=${boundary}`,
    replayable: parts.every(({ replayable }) => replayable),
    streams: parts.flatMap(({ stream }) => stream ?? []),
    given,
  }
}

export const readBody: Read<BodyPlan> = (given, name, problems) => {
  if (given instanceof URLSearchParams) return formBody(given, given)
  return isFormData(given) ? readParts(given, name, problems) : readRaw(given, problems)
}

const READERS = { json: readJson, form: readForm, multipart: readParts, body: readBody }

function formBody(fields: URLSearchParams, given: unknown): BodyPlan {
  return { body: fields.toString(), contentType: 'application/x-www-form-urlencoded', replayable: true, given }
}
