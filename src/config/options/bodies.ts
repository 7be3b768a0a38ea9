/** The body that every request sends, and the method that goes with it. */
import { BODY_FIELDS, readBody, readForm, readJson, readParts, severalBodies } from '../body.ts'
import type { BodyPlan } from '../body.ts'
import { matching, problem } from '../kinds.ts'
import { neverDiffers, option, part } from '../option.ts'
import type { Values } from '../table.ts'
import type { Problem } from '../../core/problem.ts'

/** Whether the value is a method that can be sent, in any case. CONNECT cannot: it opens a tunnel. */
export const isMethod = (value: unknown): value is string =>
  typeof value === 'string' && /^[!#$%&'*+\-.^_`|~0-9A-Z]+$/i.test(value) && value.toUpperCase() !== 'CONNECT'

export const readMethod = matching('a method of HTTP other than CONNECT', isMethod, "Write it as 'GET' or 'POST'.")

export const BODY_OPTIONS = {
  method: option({
    scope: 'any',
    perSpec: true,
    read: readMethod,
    defaultText: "`'GET'`; `'POST'` where there is a body",
    plan: 'part',
    differs: neverDiffers,
    crosses: 'drop',
    doc: 'The method of every request that does not set its own.',
  }),
  json: option({
    scope: 'any',
    perSpec: true,
    read: readJson,
    plan: 'part',
    differs: neverDiffers,
    crosses: 'drop',
    doc: 'A value that every request without its own body sends as JSON.',
  }),
  form: option({
    scope: 'any',
    perSpec: true,
    read: readForm,
    plan: 'part',
    differs: neverDiffers,
    crosses: 'drop',
    doc: 'Fields that every request without its own body sends as a form.',
  }),
  multipart: option({
    scope: 'any',
    perSpec: true,
    read: readParts,
    plan: 'part',
    differs: neverDiffers,
    crosses: 'drop',
    doc: 'Fields and files that every request without its own body sends as `multipart/form-data`.',
  }),
  body: option({
    scope: 'any',
    perSpec: true,
    read: readBody,
    plan: 'part',
    differs: neverDiffers,
    crosses: 'drop',
    doc: 'The body of every request without its own.',
  }),
}

export function checkBodies(values: Values, problems: Problem[]): void {
  const given = BODY_FIELDS.filter(name => values[name] !== undefined)
  if (given.length > 1) problems.push(severalBodies(given))
  else if (given.length === 1) checkMethod(values.method, problems)
}

/** The body among the values, of any kind. */
export function bodyIn(values: Values): BodyPlan | undefined {
  for (const name of BODY_FIELDS) if (values[name] !== undefined) return values[name]
  return undefined
}

/** The earlier values, without their body if the later ones have one of any kind. */
export function withoutBodyOf(over: Values, under: Values): Values {
  if (bodyIn(over) === undefined) return under
  const { json: _json, form: _form, multipart: _multipart, body: _body, ...rest } = under
  return rest
}

/** Refuses a body in the options together with a method that has none: every request would fail. */
export function checkMethod(given: string | undefined, problems: Problem[]): void {
  const method = given?.toUpperCase()
  if (method !== 'GET' && method !== 'HEAD') return
  problems.push(problem('method', 'one that takes a body', `'${method}' beside a body`, 'Leave method out for POST.'))
}

export const REQUEST_BODY = {
  method: part(['method'], ({ method }: Values) => method?.toUpperCase()),
  body: part(BODY_FIELDS, bodyIn),
}
