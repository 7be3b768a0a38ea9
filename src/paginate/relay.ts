/**
 * GraphQL connections (Relay): `pageInfo { hasNextPage endCursor }` says how to go on, and a variable of the query takes the
 * cursor. There must be one connection to page through; `next` names it if there are several.
 */
import { isNothing, isRecord, memberAt, shapeOf } from './fields.ts'
import { withMember } from './request-field.ts'
import { Seen } from './seen.ts'
import { cut } from './signs.ts'
import { END, next, refuse } from './style.ts'
import type { Fault } from '../core/result.ts'
import type { PageStep, Style } from './style.ts'

type Fields = Readonly<Record<string, unknown>>

export const relay: Style = ({ plan, next: find }) => {
  const seen = new Seen()
  let first: Fields | undefined
  return page => {
    first ??= isRecord(page.body) ? page.body : undefined
    if (first === undefined) return refuse('param', 'this style needs a JSON body, with the query and its variables')
    const { value } = page
    const error = errorIn(value)
    if (error !== undefined) return error
    const info = find === undefined ? onlyPageInfo(memberAt(value, 'data')) : namedPageInfo(find(value), plan.next)
    if (info.kind === 'fault') return info
    const { where } = info
    const hasNext = memberAt(info.pageInfo, 'hasNextPage')
    if (hasNext === false) return END
    const cursor = memberAt(info.pageInfo, 'endCursor')
    if (isNothing(cursor)) {
      return hasNext === true
        ? refuse('next', `${where} says hasNextPage: true, but has no endCursor. Query both`)
        : END
    }
    if (typeof cursor !== 'string')
      return refuse('next', `expected a string at ${where}.endCursor, got ${shapeOf(cursor)}`)
    return stepTo(cursor, first, plan.param, seen)
  }
}

function stepTo(cursor: string, first: Fields, param: string | undefined, seen: Seen): PageStep {
  const variable = variableFor(first['query'], param)
  if (typeof variable !== 'string') return variable
  const given = memberAt(first, 'variables', variable)
  if (typeof given === 'string') seen.add(given)
  if (seen.has(cursor)) return refuse('loop', 'the endCursor is one that was sent before: its pages would never end')
  seen.add(cursor)
  return next({ json: withMember(first, ['variables', variable], cursor) })
}

/** A page with errors may miss anything, even if it has data. */
function errorIn(value: unknown): Fault | undefined {
  const errors = memberAt(value, 'errors')
  if (isNothing(errors) || (Array.isArray(errors) && errors.length === 0)) return undefined
  const message = memberAt(Array.isArray(errors) ? errors[0] : errors, 'message')
  return refuse('errors', `the page has errors of GraphQL${typeof message === 'string' ? `: ${cut(message)}` : ''}`)
}

type Info = { readonly kind: 'info'; readonly where: string; readonly pageInfo: unknown } | Fault

/** The path finds the connection, or its pageInfo. */
function namedPageInfo(part: { readonly found: unknown } | Fault, path: unknown): Info {
  if (!('found' in part)) return part
  const { found } = part
  const where = typeof path === 'string' ? `'${path}'` : 'what next returns'
  const pageInfo = memberAt(found, 'pageInfo') ?? found
  if (isRecord(pageInfo)) return { kind: 'info', where, pageInfo }
  return refuse('next', `expected a connection with pageInfo at ${where}, got ${shapeOf(found)}`)
}

function onlyPageInfo(data: unknown): Info {
  const connections = connectionsIn(data)
  const [only, second] = connections
  if (only === undefined) return refuse('next', "the page has no connection with pageInfo in 'data'")
  if (second === undefined)
    return { kind: 'info', where: `'${only.path}.pageInfo'`, pageInfo: memberAt(only.value, 'pageInfo') }
  const names = connections.map(({ path }) => cut(path)).join(', ')
  return refuse('next', [
    `the page has several connections with pageInfo (${names}). Name one with `,
    { option: 'paginate.next' },
  ])
}

interface Connection {
  readonly path: string
  readonly value: Fields
}

/** The outermost ones: a connection inside of a list of nodes, or of another connection, has pages of its own. */
export function connectionsIn(data: unknown): readonly Connection[] {
  const found: Connection[] = []
  const open: Connection[] = isRecord(data) ? [{ path: 'data', value: data }] : []
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { path, value } = at
    if (isRecord(memberAt(value, 'pageInfo'))) found.push(at)
    else {
      for (const [name, inner] of Object.entries(value)) {
        if (isRecord(inner)) open.push({ path: `${path}.${name}`, value: inner })
      }
    }
  }
  return found
}

const AFTER = /\bafter\s*:\s*\$(\w+)/g

/** The variable that the query passes on as `after`. A server ignores variables that the query does not declare. */
function variableFor(query: unknown, param: string | undefined): string | Fault {
  if (typeof query !== 'string') return param ?? 'after'
  if (param !== undefined) {
    if (new Set(query.match(/\$\w+/g)).has(`$${param}`)) return param
    return refuse('param', `the query has no variable $${param}`)
  }
  const names = [...new Set([...query.matchAll(AFTER)].map(([, name]) => name as string))]
  const [only] = names
  if (only !== undefined && names.length === 1) return only
  const got = only === undefined ? 'none' : `several (${names.map(name => `$${cut(name)}`).join(', ')})`
  return refuse('param', [
    `expected one variable in the query that takes the cursor, as in items(after: $after), got ${got}. Name it with `,
    { option: 'paginate.param' },
  ])
}
