/** The body that every request sends, and the method that goes with it. */
import { BODY_FIELDS, readBody, readForm, readJson, readParts, severalBodies } from '../body.ts'
import type { BodyPlan } from '../body.ts'
import { matching, problem } from '../kinds.ts'
import { option, part } from '../option.ts'
import type { Values } from '../table.ts'
import type { Problem } from '../../core/problem.ts'

/** A method as the wire takes it, in any case; CONNECT is a tunnel and no request. */
export const isMethod = (value: unknown): value is string =>
  typeof value === 'string' && /^[!#$%&'*+\-.^_`|~0-9A-Z]+$/i.test(value) && value.toUpperCase() !== 'CONNECT'

export const readMethod = matching('a method of HTTP other than CONNECT', isMethod, "Write it as 'GET' or 'POST'.")

const never = (): boolean => false

export const BODY_OPTIONS = {
  method: option({
    scope: 'any',
    perSpec: true,
    read: readMethod,
    defaultText: "`'GET'`; `'POST'` where there is a body",
    plan: 'part',
    differs: never,
    crosses: 'drop',
    doc: 'The method of every request that does not set its own.',
  }),
  json: option({
    scope: 'any',
    perSpec: true,
    read: readJson,
    plan: 'part',
    differs: never,
    crosses: 'drop',
    doc: 'A value that every request without its own body sends as JSON.',
  }),
  form: option({
    scope: 'any',
    perSpec: true,
    read: readForm,
    plan: 'part',
    differs: never,
    crosses: 'drop',
    doc: 'Fields that every request without its own body sends as a form.',
  }),
  multipart: option({
    scope: 'any',
    perSpec: true,
    read: readParts,
    plan: 'part',
    differs: never,
    crosses: 'drop',
    doc: 'Fields and files that every request without its own body sends as `multipart/form-data`.',
  }),
  body: option({
    scope: 'any',
    perSpec: true,
    read: readBody,
    plan: 'part',
    differs: never,
    crosses: 'drop',
    doc: 'The body of every request without its own.',
  }),
}

export function checkBodies(values: Values, problems: Problem[]): void {
  const given = BODY_FIELDS.filter(name => values[name] !== undefined)
  if (given.length > 1) problems.push(severalBodies(given))
  else if (given.length === 1) checkMethod(values.method, problems)
}

/** The body of the values; one of a call replaces one of its client, whatever kind either is. */
export function bodyIn(values: Values): BodyPlan | undefined {
  for (const name of BODY_FIELDS) if (values[name] !== undefined) return values[name]
  return undefined
}

/** @param over the values of a call, of which a body takes the place of any in `under` */
export function withoutBodyOf(over: Values, under: Values): Values {
  if (bodyIn(over) === undefined) return under
  const { json: _json, form: _form, multipart: _multipart, body: _body, ...rest } = under
  return rest
}

/** A body in the options goes with every request: a method that takes none would fail them all. */
export function checkMethod(given: string | undefined, problems: Problem[]): void {
  const method = given?.toUpperCase()
  if (method !== 'GET' && method !== 'HEAD') return
  problems.push(problem('method', 'one that takes a body', `'${method}' beside a body`, 'Leave method out for POST.'))
}

export const REQUEST_BODY = {
  method: part(['method'], ({ method }: Values) => method?.toUpperCase()),
  body: part(BODY_FIELDS, bodyIn),
}
