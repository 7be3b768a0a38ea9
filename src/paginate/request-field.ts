/** A field of the first request: in its JSON body if it has one, otherwise in the query of its URL. */
import { digitsOf } from '../core/exact-json.ts'
import type { PageChange } from '../core/pagination.ts'
import { isRecord, memberAt } from './fields.ts'

/** What is known of the first request. */
export interface FirstRequest {
  readonly url: string
  /** The JSON body; undefined if it has none. */
  readonly body: unknown
}

export const hasJsonBody = ({ body }: FirstRequest): boolean => isRecord(body)

/** `page.cursor` is a path, unless the body has a member of that whole name. */
const namesIn = (body: unknown, path: string): readonly string[] =>
  isRecord(body) && Object.hasOwn(body, path) ? [path] : path.split('.')

/** The value that the request already has: a string if it comes from the query. */
export function givenField({ url, body }: FirstRequest, name: string): unknown {
  if (isRecord(body)) return memberAt(body, ...namesIn(body, name))
  return URL.parse(url)?.searchParams.get(name) ?? undefined
}

/** The change that sets a field to this value. */
export function setField({ body }: FirstRequest, name: string, value: unknown): PageChange {
  if (!isRecord(body)) return { query: { [name]: String(digitsOf(value) ?? value) } }
  return { json: withMember(body, namesIn(body, name), value) }
}

/** A copy with one member replaced; objects on the way are made if they are missing. */
export function withMember(body: unknown, names: readonly string[], value: unknown): unknown {
  const [name, ...rest] = names
  if (name === undefined) return value
  const own = isRecord(body) ? body : {}
  // A computed name, so that `__proto__` is a member like any other.
  return { ...own, [name]: withMember(memberAt(own, name), rest, value) }
}
