/** One of `json`, `form`, `body` → what goes on the wire and the content type that says so. */
import type { Body } from '../core/call.ts'
import type { BodyInput, FormInput, Params } from '../core/spec.ts'

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

/** The body of the fields, or undefined when there is none; two at once, or one that cannot be sent, is a problem. */
export function bodyOf(fields: BodyFields, problems: string[], subject: string): BodyPlan | undefined {
  const given = (['json', 'form', 'body'] as const).filter(name => fields[name] !== undefined)
  if (given.length > 1) {
    problems.push(`${subject}: expected one body, got ${given.join(' and ')}. Keep one of them.`)
    return undefined
  }
  if (given[0] === 'json') return jsonBody(fields.json, problems, subject)
  if (given[0] === 'form') return formBody(fields.form as FormInput)
  if (given[0] === 'body') return rawBody(fields.body as BodyInput, problems, subject)
  return undefined
}

function jsonBody(value: unknown, problems: string[], subject: string): BodyPlan | undefined {
  let body: string | undefined
  let reason = `a ${typeof value}`
  try {
    body = JSON.stringify(value)
  } catch (error) {
    reason = error instanceof Error ? (error.message.split('\n')[0] as string) : String(error)
  }
  if (body === undefined) {
    problems.push(`${subject}: json: expected a value that JSON can hold, got one it cannot (${reason}).`)
    return undefined
  }
  return { body, contentType: 'application/json', replayable: true }
}

function formBody(form: FormInput): BodyPlan {
  const fields = form instanceof URLSearchParams ? form : new URLSearchParams(formPairs(form))
  return { body: fields.toString(), contentType: 'application/x-www-form-urlencoded', replayable: true }
}

function formPairs(form: Params): [string, string][] {
  return Object.entries(form).flatMap(([name, value]) => {
    if (value === undefined) return []
    return Array.isArray(value) ? value.map((item): [string, string] => [name, String(item)]) : [[name, String(value)]]
  })
}

function rawBody(body: BodyInput, problems: string[], subject: string): BodyPlan | undefined {
  if (typeof body === 'string') return { body, contentType: 'text/plain;charset=UTF-8', replayable: true }
  if (body instanceof URLSearchParams) return formBody(body)
  if (body instanceof Uint8Array) return { body, contentType: undefined, replayable: true }
  if (body instanceof ArrayBuffer) return { body: new Uint8Array(body), contentType: undefined, replayable: true }
  if (typeof body === 'function') {
    return { body: () => chunksOf(body()), contentType: undefined, replayable: true }
  }
  if (typeof body === 'object' && body !== null && Symbol.asyncIterator in body) {
    return { body: () => body, contentType: undefined, replayable: false }
  }
  problems.push(
    `${subject}: body: expected a string, bytes, URLSearchParams, a stream or a function, got ${typeof body}.`,
  )
  return undefined
}

/** What a caller's factory made, as a stream of its chunks. */
async function* chunksOf(made: BodyInput): AsyncIterable<Uint8Array | string> {
  if (typeof made === 'function') yield* chunksOf(made())
  else if (typeof made === 'object' && Symbol.asyncIterator in made) yield* made
  else if (made instanceof URLSearchParams) yield made.toString()
  else if (made instanceof ArrayBuffer) yield new Uint8Array(made)
  else yield made
}
