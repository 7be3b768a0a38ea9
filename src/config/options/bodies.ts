/** The body that every request sends, and the method that goes with it. */
import { bodyOf } from '../body.ts'
import { matching, problem } from '../kinds.ts'
import type { Read } from '../kinds.ts'
import { option } from '../option.ts'
import type { Values } from '../table.ts'

/** A method as the wire takes it, in any case; CONNECT is a tunnel and no request. */
export const isMethod = (value: unknown): value is string =>
  typeof value === 'string' && /^[!#$%&'*+\-.^_`|~0-9A-Z]+$/i.test(value) && value.toUpperCase() !== 'CONNECT'

export const readMethod = matching('a method of HTTP other than CONNECT', isMethod, "Write it as 'GET' or 'POST'.")

/** Read with the other bodies beside it: see `checkBodies`. */
const asGiven: Read<unknown> = value => value

export const BODY_OPTIONS = {
  method: option({
    scope: 'any',
    perSpec: true,
    read: readMethod,
    default: 'GET',
    crosses: 'drop',
    doc: '`GET`, or `POST` where there is a body.',
  }),
  json: option({
    scope: 'any',
    perSpec: true,
    read: asGiven,
    crosses: 'drop',
    doc: 'Sent as JSON by every request without a body of its own.',
  }),
  form: option({
    scope: 'any',
    perSpec: true,
    read: asGiven,
    crosses: 'drop',
    doc: 'Sent as a form by every request without a body of its own.',
  }),
  multipart: option({
    scope: 'any',
    perSpec: true,
    read: asGiven,
    crosses: 'drop',
    doc: 'Sent as `multipart/form-data` by every request without a body of its own.',
  }),
  body: option({
    scope: 'any',
    perSpec: true,
    read: asGiven,
    crosses: 'drop',
    doc: 'Sent by every request without a body of its own.',
  }),
}

export function checkBodies(values: Values, problems: string[]): void {
  if (bodyOf(values, problems) !== undefined) checkMethod(values.method, problems)
}

/** A body in the options goes with every request: a method that takes none would fail them all. */
export function checkMethod(given: string | undefined, problems: string[]): void {
  const method = given?.toUpperCase()
  if (method !== 'GET' && method !== 'HEAD') return
  problems.push(problem('method', 'one that takes a body', `'${method}' beside a body`, 'Leave method out for POST.'))
}
