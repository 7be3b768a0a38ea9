/** What every request says besides its body: where it goes, its headers, its credentials, its name. */
import { readAuth } from '../auth-input.ts'
import { readHeaders } from '../header-input.ts'
import { bool, got, listOf, matching, orList, problem } from '../kinds.ts'
import type { Read } from '../kinds.ts'
import { isCall, option } from '../option.ts'
import type { Place } from '../option.ts'
import { readPairs } from '../query-input.ts'
import type { Values } from '../table.ts'
import { isFilled, isText } from '../texts.ts'
import { headerProblem } from '../../core/headers.ts'
import { printableUrl } from '../../core/url.ts'
import { VERSION } from '../../core/version.ts'

const sendable = (value: unknown): value is string =>
  isFilled(value) && headerProblem('user-agent', value) === undefined

const readParams: Read<unknown> = (value, name, problems) => {
  if (!Array.isArray(value)) return readPairs(value, name, problems)
  const read = value.map((item: unknown, index) => readPairs(item, `${name}[${index}]`, problems))
  return read.every(item => item !== undefined) ? read : undefined
}

const readBaseUrl: Read<string | URL> = (value, name, problems) => {
  const parsed = isText(value) || value instanceof URL ? URL.parse(String(value)) : null
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    const shown = value instanceof URL ? got(printableUrl(value.href)) : got(value)
    problems.push(problem(name, 'an absolute http: or https: URL', shown, "Write it as 'https://api.example.com/v1/'."))
    return undefined
  }
  // A bare origin has the path '/', written or not.
  const isFolder = String(value).endsWith('/') || (parsed.pathname === '/' && !/[?#]/.test(String(value)))
  if (parsed.search === '' && parsed.hash === '' && isFolder) return value as string | URL
  const shown = got(printableUrl(String(value)))
  problems.push(
    problem(name, "a URL that ends in '/'", shown, "Add the '/': without it, new URL would drop the last segment."),
  )
  return undefined
}

/** Checked by `checkRequests`, where the place is known. */
const asGiven: Read<unknown> = value => value

export const REQUEST_OPTIONS = {
  params: option({
    scope: 'any',
    perSpec: true,
    read: readParams,
    merge: 'byName',
    crosses: 'drop',
    doc: 'Added to the query of every URL; an array gives one per URL.',
  }),
  headers: option({
    scope: 'any',
    perSpec: true,
    read: asGiven,
    merge: 'byName',
    crosses: 'drop',
    doc: "Added to every request; a spec's own win name by name.",
  }),
  auth: option({
    scope: 'any',
    perSpec: true,
    read: readAuth,
    crosses: 'drop',
    doc: 'Basic, bearer, or a function that answers with the `Authorization` of each attempt.',
  }),
  baseUrl: option({
    scope: 'any',
    read: readBaseUrl,
    crosses: 'drop',
    doc: "Base of relative URLs: an origin, or a URL that ends in '/'.",
  }),
  userAgent: option({
    scope: 'any',
    read: orList(
      matching(
        'a string that a header can hold, or an array of them',
        sendable,
        "To send none, give headers: { 'user-agent': undefined }.",
      ),
      listOf('strings that a header can hold', sendable, 'Give strings without control characters.', { filled: true }),
    ),
    default: `parallel-requests/${VERSION}`,
    defaultText: '`parallel-requests/<version>`',
    crosses: 'drop',
    doc: 'A string, or a list of which each request takes the next.',
  }),
  idempotencyKey: option({
    scope: 'any',
    perSpec: true,
    read: matching(
      'true or false',
      value => typeof value === 'boolean',
      'One key for all would be taken for one request: use true, or give each request its own.',
    ),
    default: false,
    crosses: 'drop',
    doc: '`true` makes one key per unsafe request, sent with its every attempt.',
  }),
  allowHostHeader: option({
    scope: 'any',
    read: bool,
    default: false,
    crosses: 'drop',
    doc: 'Send a `Host` header of yours in the place of the host in the URL.',
  }),
  secretNames: option({
    scope: 'any',
    read: listOf('names', isFilled, 'Give names of headers or query fields.'),
    merge: 'add',
    crosses: 'plain',
    doc: 'Further header and query names whose values never print.',
  }),
}

export function checkRequests({ params, headers, allowHostHeader }: Values, problems: string[], place: Place): void {
  if (Array.isArray(params) && (place === 'stream' || place === 'drain' || place === 'constructor')) {
    problems.push(
      `params: expected an object here, got an array. One per URL belongs to request() with an array of URLs, or into the specs.`,
    )
  }
  if (headers !== undefined) readHeaders(headers, problems, allowHostHeader ?? isCall(place))
}
