/** One of `json`, `form`, `body` → what goes on the wire and the content type that says so. */
import type { Body } from '../core/call.ts'
import { isThenable, reasonOf } from '../core/callback.ts'
import type { BodyInput, Params } from '../core/spec.ts'
import { isRecord, kindOf, problem } from './kinds.ts'
import { readPairs } from './query-input.ts'

export interface BodyPlan {
  readonly body: Body
  readonly contentType: string | undefined
  /** False for a stream at hand: it can be read once. */
  readonly replayable: boolean
}

export interface BodyFields {
  readonly json?: unknown
  readonly form?: unknown
  readonly body?: unknown
}

const KINDS = 'a string, bytes, URLSearchParams, an async iterable or a function that makes one'

/** The body of the fields, or undefined when there is none; two at once, or one that cannot be sent, is a problem. */
export function bodyOf(fields: BodyFields, problems: string[]): BodyPlan | undefined {
  const given = (['json', 'form', 'body'] as const).filter(name => fields[name] !== undefined)
  if (given.length > 1) {
    problems.push(problem('body', 'one of json, form and body', given.join(' and '), 'Keep one of them.'))
    return undefined
  }
  if (given[0] === 'json') return jsonBody(fields.json, problems)
  if (given[0] === 'form') return formBody(fields.form, problems)
  if (given[0] === 'body') return rawBody(fields.body, problems)
  return undefined
}

function jsonBody(value: unknown, problems: string[]): BodyPlan | undefined {
  let body: string | undefined
  let reason = kindOf(value)
  if (isThenable(value)) reason = 'a promise: await it first'
  else {
    try {
      body = JSON.stringify(value)
    } catch (error) {
      reason = reasonOf(error).split('\n', 1)[0] as string
    }
  }
  if (body === undefined) {
    const remedy = 'Convert what it cannot hold first, for example with String().'
    problems.push(problem('json', 'a value that JSON can hold', `one it cannot (${reason})`, remedy))
    return undefined
  }
  return { body, contentType: 'application/json', replayable: true }
}

function formBody(form: unknown, problems: string[]): BodyPlan | undefined {
  if (form instanceof URLSearchParams) return encoded(form)
  const read = readPairs(form, 'form', problems)
  return read && encoded(new URLSearchParams(formPairs(read)))
}

function encoded(fields: URLSearchParams): BodyPlan {
  return { body: fields.toString(), contentType: 'application/x-www-form-urlencoded', replayable: true }
}

function formPairs(form: Params): [string, string][] {
  return Object.entries(form).flatMap(([name, value]) => {
    if (value === undefined) return []
    return Array.isArray(value) ? value.map((item): [string, string] => [name, String(item)]) : [[name, String(value)]]
  })
}

function rawBody(body: unknown, problems: string[]): BodyPlan | undefined {
  if (typeof body === 'string') return { body, contentType: 'text/plain;charset=UTF-8', replayable: true }
  if (body instanceof URLSearchParams) return encoded(body)
  if (body instanceof Uint8Array) return { body, contentType: undefined, replayable: true }
  if (body instanceof ArrayBuffer) return { body: new Uint8Array(body), contentType: undefined, replayable: true }
  if (typeof body === 'function') {
    return { body: () => chunksOf((body as () => BodyInput)()), contentType: undefined, replayable: true }
  }
  if (isStream(body)) return { body: () => body, contentType: undefined, replayable: false }
  problems.push(problem('body', KINDS, kindOf(body), remedyFor(body)))
  return undefined
}

const isStream = (value: unknown): value is AsyncIterable<Uint8Array | string> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

function remedyFor(body: unknown): string {
  if (body instanceof Blob) return 'Use () => blob.stream().'
  if (ArrayBuffer.isView(body)) return 'Use new Uint8Array(view.buffer, view.byteOffset, view.byteLength).'
  return isRecord(body) || Array.isArray(body) ? 'Give an object as json or form.' : 'Turn it into a string.'
}

/** What a caller's factory made, as a stream of its chunks. */
async function* chunksOf(made: unknown): AsyncIterable<Uint8Array | string> {
  const given = await made
  if (typeof given === 'function') yield* chunksOf(given())
  else if (isStream(given)) yield* given
  else if (given instanceof URLSearchParams) yield given.toString()
  else if (given instanceof ArrayBuffer) yield new Uint8Array(given)
  else if (typeof given === 'string' || given instanceof Uint8Array) yield given
  else throw new TypeError(problem('body()', KINDS, kindOf(given), remedyFor(given)))
}
