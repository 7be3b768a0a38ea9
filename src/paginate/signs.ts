/** What the body of a page says about itself: that more pages follow, that it is the last one, that it is an error. */
import type { Fault } from '../core/result.ts'
import { isNothing, isRecord, memberAt } from './fields.ts'
import { refuse } from './style.ts'

/** Members that are true if there are more pages. Zendesk has its `has_more` in `meta`, and a next link on every page. */
const MORE: readonly (readonly string[])[] = [
  ['has_more'],
  ['hasMore'],
  ['has_next_page'],
  ['hasNextPage'],
  ['meta', 'has_more'],
]
/** Members that are true on the last page: Jira, Bitbucket, the exports of Zendesk. */
const LAST: readonly (readonly string[])[] = [['isLast'], ['isLastPage'], ['end_of_stream']]

export const saysLast = (value: unknown): boolean =>
  isRecord(value) &&
  (MORE.some(names => memberAt(value, ...names) === false) || LAST.some(names => memberAt(value, ...names) === true))

/** The name of the member that says that there are more pages. */
export const saysMore = (value: unknown): string | undefined =>
  MORE.find(names => memberAt(value, ...names) === true)?.join('.')

/** Slack answers 200 with `ok: false` and a word in `error`. Such a page has no cursor, and must not count as the last one. */
export function refusalIn(value: unknown): Fault | undefined {
  if (memberAt(value, 'ok') !== false) return undefined
  const said = memberAt(value, 'error')
  return refuse('errors', `the page says ok: false${typeof said === 'string' ? ` (${cut(said)})` : ''}`)
}

/** The page, which has no items, is an error that was answered with the status 200. */
export const errorIn = (value: unknown): Fault | undefined =>
  refusalIn(value) ?? memberError(value, 'error') ?? memberError(value, 'errors')

/** A Fault if the page has this member: an error, or a list of errors. */
export function memberError(value: unknown, name: string): Fault | undefined {
  const error = memberAt(value, name)
  if (isNothing(error) || (Array.isArray(error) && error.length === 0)) return undefined
  return refuse('errors', `the page has '${name}'${wordsIn(error)}`)
}

/** What a server says about an error; empty if nothing does. */
export function wordsIn(error: unknown): string {
  const one: unknown = Array.isArray(error) ? error[0] : error
  const texts = [one, ...['message', 'detail', 'title', 'info', 'code'].map(name => memberAt(one, name))]
  const said = texts.find(text => typeof text === 'string' && text !== '')
  return typeof said === 'string' ? `: ${cut(said)}` : ''
}

const MAX_SAID = 200

/** Text of the server for a message; the message escapes it. */
export const cut = (text: string): string => (text.length > MAX_SAID ? `${text.slice(0, MAX_SAID)}…` : text)
