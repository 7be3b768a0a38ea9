/**
 * Completes the URLs of a pasted command as curl does, and checks that preq will send the same path and query. curl sends
 * most characters as they are; preq encodes them by the URL standard. Where the two differ, the URL is refused, and the
 * message gives a spelling that both send alike.
 */
import { globbed, withColumns } from './globs.ts'
import type { Word } from './words.ts'
import { UsageError } from '../usage-error.ts'

export interface UrlRules {
  readonly isGlobOff: boolean
  readonly isPathAsIs: boolean
  /** Whether `-i` gives rows. */
  readonly hasRows: boolean
  /** Added to the query of each URL. */
  readonly query: readonly string[]
}

export function curlUrls(given: readonly Word[], rules: UrlRules): string[] {
  if (given.length === 0)
    throw new UsageError('--curl: expected a URL in the command, got none. Paste the whole command.')
  return given.flatMap(word => {
    if (typeof word !== 'string') throw refusedUrl('bytes that are not UTF-8', 'Percent-encode them.')
    const whole = withScheme(word)
    checkSpelling(whole)
    // curl expands patterns in the URL only, not in the added query.
    return globbed(whole, rules.isGlobOff, rules.hasRows).map(url => checked(withQuery(url, rules.query), rules))
  })
}

/** curl guesses these protocols from the beginning of the host. */
const GUESSED = /^(?:ftp|dict|ldap|imap|smtp|pop3)\./i

function withScheme(url: string): string {
  const [, scheme, slashes = ''] = /^([a-z][a-z\d+.-]*):(\/+)/i.exec(url) ?? []
  // A column may hold the whole URL.
  if (/^\{[^{},]+\}/.test(url)) return url
  if (scheme === undefined) {
    if (/^(?:$|-|\/)/.test(url))
      throw refusedUrl(url === '' ? 'an empty one' : 'another word', 'Paste the whole command.')
    if (GUESSED.test(url))
      throw refusedUrl('one without http:// whose host curl takes for another protocol', 'Write http://.')
    return `http://${url}`
  }
  if (!/^https?$/i.test(scheme)) throw refusedUrl(`one with ${scheme.toLowerCase()}:`, 'Other schemes are not fetched.')
  if (slashes !== '//') throw refusedUrl(`one with ${scheme}:${slashes}`, `Write ${scheme}://.`)
  return url
}

/** Inserts the query before the fragment, as curl does. */
function withQuery(url: string, added: readonly string[]): string {
  const texts = added.filter(text => text !== '')
  if (texts.length === 0) return url
  for (const text of texts) checkQuery(text)
  const [before = '', ...fragment] = url.split('#')
  const tail = fragment.length === 0 ? '' : `#${fragment.join('#')}`
  const start = before.includes('?') ? (/[?&]$/.test(before) ? '' : '&') : /^[^/]*\/\/[^/]*$/.test(before) ? '/?' : '?'
  return `${before}${start}${texts.join('&')}${tail}`
}

function checkQuery(text: string): void {
  if (BLANKS.test(text))
    throw refusedUrl('a query with a blank', 'Give it with --data-urlencode, or write %20 for a space.')
  if (text.includes('#')) throw refusedUrl("a query with a '#'", 'Write %23.')
  withColumns(text)
}

// oxlint-disable-next-line no-control-regex -- curl refuses them as well
const BLANKS = /[\x00-\x20\x7f]/

function checkSpelling(url: string): void {
  if (BLANKS.test(url)) throw refusedUrl('one with a blank', 'Write %20 for a space, and put the URL into quotes.')
  const authority = /^[^/]*\/\/([^/?#]*)/.exec(url)?.[1] ?? ''
  if (authority.split('@').length > 2)
    throw refusedUrl("one with two '@'", 'Write %40 for one in the user or password.')
  if (/^:?@/.test(authority)) throw refusedUrl('an empty user and password', "Take out the '@'.")
  const userinfo = authority.includes('@') ? authority.slice(0, authority.indexOf('@')) : ''
  if (/%[01][\da-f]|%7f/i.test(userinfo))
    throw refusedUrl('a user or password with control characters', 'Give it with --auth.')
  try {
    decodeURIComponent(userinfo)
  } catch {
    throw refusedUrl('a user or password with an invalid % escape', 'Write % as %25.')
  }
}

const RANGE_FROM = /\{(-?\d+)\.\.[^{}]*\}/g
const COLUMN = /\{[^{}]*\}/g

function checked(url: string, { isPathAsIs }: UrlRules): string {
  if (url.startsWith('{')) return url
  // The values of ranges and columns are checked when they are filled in.
  const sample = url.replaceAll(RANGE_FROM, '$1').replaceAll(COLUMN, 'x')
  const parsed = URL.parse(sample)
  if (parsed === null) throw refusedUrl('an invalid one', "Write it as 'https://api.example.com/a'.")
  const ours = /^[^:]*:\/\/[^/?]*(.*)$/s.exec(parsed.href.replace(/#.*$/s, ''))?.[1] ?? ''
  const theirs = curlTarget(sample, isPathAsIs)
  if (ours === theirs) return url
  const changed = [...new Set(theirs.match(ENCODED) ?? [])].filter(letter => !ours.includes(letter))
  if (changed.length === 0) {
    throw refusedUrl("a path with '.' or '..' that preq would resolve", 'Write the resolved path.')
  }
  const encodings = changed.slice(0, 5).map(letter => `${letter} as ${percentEncoded(letter)}`)
  throw refusedUrl('characters that curl sends bare', `Percent-encode them: ${encodings.join(', ')}.`)
}

/** Characters that the URL standard encodes in a path or a query. */
const ENCODED = /["'<>\\^`{|}]|\P{ASCII}/gu

const percentEncoded = (letter: string): string =>
  [...Buffer.from(letter)].map(byte => `%${byte.toString(16).toUpperCase()}`).join('')

/** The request target as curl sends it. */
function curlTarget(url: string, isPathAsIs: boolean): string {
  const [, path = '', query = ''] = /^[^/]*\/\/[^/?#]*([^?#]*)(\?[^#]*)?/s.exec(url) ?? []
  return `${isPathAsIs ? path : withoutDots(path)}${query}`.replace(/^(?!\/)/, '/')
}

/** Removes dot segments (RFC 3986 §5.2.4). Like curl, it keeps percent-encoded dots. */
function withoutDots(path: string): string {
  const kept: string[] = []
  const segments = path.split('/')
  for (const [at, segment] of segments.entries()) {
    const isLast = at === segments.length - 1
    if (segment === '..') {
      if (kept.length > 1) kept.pop()
      if (isLast) kept.push('')
    } else if (segment !== '.') kept.push(segment)
    else if (isLast) kept.push('')
  }
  return kept.join('/')
}

const refusedUrl = (what: string, remedy: string): UsageError =>
  new UsageError(`--curl: expected URLs that preq sends as curl does, got ${what}. ${remedy}`)
