/**
 * Translates a pasted curl command into preq's own terms. What is accepted is sent as curl would send it. What preq
 * cannot send that way is refused here, before anything is sent. Options and headers that only concern curl's connection
 * or its output are dropped and reported.
 */
import { curlArguments } from './arguments.ts'
import type { Given } from './arguments.ts'
import { curlData, wordText, urlEncoded } from './data.ts'
import { curlForm } from './form.ts'
import type { CurlPart } from './form.ts'
import { curlHeaders, headerText } from './headers.ts'
import type { CurlHeaders } from './headers.ts'
import { curlSettings } from './settings.ts'
import type { CurlFlag } from './settings.ts'
import { curlUrls } from './urls.ts'
import { shellWords } from './words.ts'
import type { Word } from './words.ts'
import { UsageError } from '../usage-error.ts'

export type CurlBody =
  | {
      readonly kind: 'data'
      readonly content: Word
      /** The content type that curl adds; undefined if the headers set or remove it. */
      readonly contentType: string | undefined
    }
  | { readonly kind: 'parts'; readonly parts: readonly CurlPart[] }

export interface CurlRequest {
  /** URLs with templates and ranges, as on preq's command line. */
  readonly urls: readonly string[]
  readonly method: string | undefined
  readonly headers: readonly (readonly [string, string])[]
  /** Names of headers that must not be sent, in lower case. */
  readonly withoutHeaders: readonly string[]
  readonly body: CurlBody | undefined
  /** The flags of preq that replace curl's options. */
  readonly flags: readonly CurlFlag[]
  /** Without `-c` or `-b ''`, curl does not send cookies that a server set. */
  readonly keepsCookies: boolean
  /** Sentences that report what was dropped. */
  readonly notes: readonly string[]
}

/** @param hasRows whether `-i` gives rows; syntax that curl and preq read differently is then refused */
export function readCurl(text: string, hasRows: boolean): CurlRequest {
  const [name, ...words] = shellWords(text.trim())
  checkName(name)
  const given = curlArguments(words)
  const { options } = given
  const has = (...names: readonly string[]): boolean => options.some(option => names.includes(option.name))
  const data = curlData(options, hasRows)
  const form = curlForm(options)
  checkTogether(has, data !== undefined, form !== undefined)
  const isQuery = has('get')
  const urls = curlUrls(given.urls, {
    isGlobOff: has('globoff'),
    isPathAsIs: has('path-as-is'),
    hasRows,
    query: isQuery && data !== undefined ? [wordText(data, '--get')] : queriesOf(options, hasRows),
  })
  const headers = curlHeaders(options, urlHosts(urls), hasRows)
  const method = curlMethod(options, has('head'), form !== undefined || (data !== undefined && !isQuery))
  const more = moreHeaders(options, headers, method)
  if (headers.without.includes('authorization') && urls.some(hasUserinfo)) {
    throw refusedRequest("credentials in the URL and -H 'Authorization:'", 'Take them out of the URL.')
  }
  const isJson = has('json')
  const typed = isGiven(headers, 'content-type')
  const type = typed ? undefined : isJson ? 'application/json' : 'application/x-www-form-urlencoded'
  if (isJson && !isGiven(headers, 'accept')) more.push(['Accept', 'application/json'])
  if (isJson && isQuery && !typed) more.push(['Content-Type', 'application/json'])
  const pairs = form === undefined ? headers.pairs : withoutFormType(headers)
  return {
    urls,
    method,
    headers: [...pairs, ...more],
    withoutHeaders: headers.without,
    body:
      form === undefined
        ? data === undefined || isQuery
          ? undefined
          : { kind: 'data', content: data, contentType: type }
        : { kind: 'parts', parts: form },
    flags: curlSettings(options, headers.hasHost),
    keepsCookies:
      options.some(option => option.name === 'cookie' && option.value.length === 0) ||
      given.noted.some(written => written === '-c' || written === '--cookie-jar'),
    notes: curlNotes(headers.dropped, given.noted),
  }
}

function checkName(name: Word | undefined): void {
  if (typeof name === 'string' && /^(?:.*[\\/])?curl(?:\.exe)?$/i.test(name)) return
  if (name === undefined || name === '') {
    throw new UsageError("--curl: expected a command that begins with 'curl', got an empty text. Paste the command.")
  }
  const remedy = name === '$' || name === '%' ? "Leave out the prompt before 'curl'." : 'Leave out what is before it.'
  throw new UsageError(`--curl: expected a command that begins with 'curl', got another one. ${remedy}`)
}

function checkTogether(has: (...names: readonly string[]) => boolean, hasData: boolean, hasForm: boolean): void {
  if (hasForm && (hasData || has('get', 'head'))) {
    throw refusedRequest('-F beside -d, -G or -I', 'curl refuses it, too. Keep one of them.')
  }
  if (hasData && has('head') && !has('get'))
    throw refusedRequest('-I beside -d', 'curl refuses it, too. Keep one of them.')
  if (has('get') && has('url-query')) throw refusedRequest('-G beside --url-query', 'Keep one of them.')
}

function queriesOf(options: readonly Given[], hasRows: boolean): string[] {
  return options.flatMap(({ name, value }) => {
    if (name !== 'url-query') return []
    const text = wordText(value, '--url-query')
    return [text.startsWith('+') ? text.slice(1) : urlEncoded(text, '--url-query', hasRows)]
  })
}

/** curl uses the last one. */
function lastOf(options: readonly Given[], name: string): Word | undefined {
  return options.findLast(option => option.name === name)?.value
}

function curlMethod(options: readonly Given[], isHead: boolean, hasBody: boolean): string | undefined {
  const given = lastOf(options, 'request')
  if (given === undefined) return isHead ? 'HEAD' : undefined
  const method = wordText(given, '--request')
  if (!/^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/.test(method) || method.toUpperCase() === 'CONNECT') {
    throw refusedRequest('an invalid method', "Write it as 'POST'.")
  }
  if (method !== method.toUpperCase()) {
    throw refusedRequest(`the method '${method}'`, `curl sends it as it is written: write '${method.toUpperCase()}'.`)
  }
  if (hasBody && (method === 'GET' || method === 'HEAD')) {
    const remedy =
      'Use -X POST, which Elasticsearch accepts for a search, or -X QUERY; or -G to put the data into the URL.'
    throw refusedRequest(`a ${method} with a body, which preq does not send`, remedy)
  }
  return method
}

const isGiven = ({ pairs, without }: CurlHeaders, name: string): boolean =>
  without.includes(name) || pairs.some(([known]) => known.toLowerCase() === name)

/** Headers that options other than `-H` set. `-H` with the same name takes precedence. */
function moreHeaders(options: readonly Given[], headers: CurlHeaders, method: string | undefined): [string, string][] {
  const more: [string, string][] = []
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '' && !isGiven(headers, name.toLowerCase())) more.push([name, value])
  }
  const text = (name: string): string | undefined => {
    const value = lastOf(options, name)
    return value === undefined ? undefined : headerText(value, `--${name}`)
  }
  add('User-Agent', text('user-agent'))
  const referer = text('referer')
  if (referer?.endsWith(';auto') === true) throw refusedRequest('-e with ;auto', 'Leave out the ;auto.')
  add('Referer', referer)
  add('Authorization', authorizationOf(options))
  add('Cookie', cookiesOf(options))
  add('Range', byteRangeOf(options, method))
  return more
}

function authorizationOf(options: readonly Given[]): string | undefined {
  const token = lastOf(options, 'oauth2-bearer')
  if (token !== undefined && options.some(({ name }) => name === 'basic')) {
    throw refusedRequest('--basic beside --oauth2-bearer', 'Keep one of them.')
  }
  if (token !== undefined) return `Bearer ${headerText(token, '--oauth2-bearer')}`
  const user = lastOf(options, 'user')
  if (user === undefined) return undefined
  const bytes = Buffer.from(user)
  // curl would ask for the password on the terminal.
  if (!bytes.includes(':'))
    throw refusedRequest('-u without a password', "Write it as -u 'user:password', or 'user:' for none.")
  return `Basic ${bytes.toString('base64')}`
}

function cookiesOf(options: readonly Given[]): string | undefined {
  const given = options.flatMap(({ name, value }) => (name === 'cookie' ? [headerText(value, '--cookie')] : []))
  const isFile = (text: string): boolean => text.startsWith('@') || (text !== '' && !text.includes('='))
  if (given.some(isFile)) throw refusedRequest('-b with a file', 'Give it with --cookie-file FILE beside --curl.')
  return given.length === 0 ? undefined : given.filter(text => text !== '').join(';')
}

function byteRangeOf(options: readonly Given[], method: string | undefined): string | undefined {
  const range = lastOf(options, 'range')
  if (range === undefined) return undefined
  const text = wordText(range, '--range')
  const hasBody = options.some(
    ({ name }) => name === 'form' || name === 'form-string' || name.startsWith('data') || name === 'json',
  )
  if (hasBody || (method ?? 'GET') !== 'GET')
    throw refusedRequest('-r in a request that is not a plain GET', 'Leave it out.')
  if (/^\d*-\d*(?:,\d*-\d*)*$/.test(text)) return `bytes=${text}`
  throw refusedRequest('-r without a valid range', "Write it as '0-99'.")
}

/** Removes `Content-Type: multipart/form-data`, to which curl adds the boundary. Refuses any other content type. */
function withoutFormType({ pairs, without }: CurlHeaders): CurlHeaders['pairs'] {
  const types = pairs.filter(([name]) => name.toLowerCase() === 'content-type')
  if (without.includes('content-type') || types.some(([, value]) => value.toLowerCase() !== 'multipart/form-data')) {
    throw refusedRequest('-F beside another Content-Type', 'Leave out the header.')
  }
  return pairs.filter(pair => !types.includes(pair))
}

const authorityOf = (url: string): string => /^[^/]*\/\/([^/?#]*)/.exec(url)?.[1] ?? ''
const hasUserinfo = (url: string): boolean => authorityOf(url).includes('@')

/** The hosts of the URLs; empty if a column fills in one of them. */
function urlHosts(urls: readonly string[]): string[] {
  if (urls.some(url => authorityOf(url).includes('{') || url.startsWith('{'))) return []
  return [...new Set(urls.map(url => URL.parse(url)?.host ?? ''))]
}

function curlNotes(headers: readonly string[], options: readonly string[]): string[] {
  const notes: string[] = []
  if (headers.length > 0) {
    notes.push(`--curl: left out ${[...new Set(headers)].join(', ')}: preq sets the headers of its connections itself.`)
  }
  if (options.length > 0) {
    notes.push(`--curl: left out ${options.join(', ')}: preq has flags of its own for output and retries.`)
  }
  return notes
}

const refusedRequest = (what: string, remedy: string): UsageError =>
  new UsageError(`--curl: expected a request that preq sends as curl does, got ${what}. ${remedy}`)
