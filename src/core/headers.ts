/**
 * Headers as one flat list, name then value, names in lower case: `['accept', '*\/*', 'x-a', '1']`.
 *
 * The transport takes and gives such lists. A `Headers` object is created only when a caller asks for it.
 */
export type HeaderList = readonly string[]

/** The first value of `name` (lower case), or undefined. */
export function getHeader(list: HeaderList, name: string): string | undefined {
  for (let i = 0; i < list.length; i += 2) if (list[i] === name) return list[i + 1]
  return undefined
}

/** Every value of `name`, in order. Needed for `Set-Cookie`, whose values must never be joined (RFC 9110 §5.3). */
export function getAllHeaders(list: HeaderList, name: string): string[] {
  const values: string[] = []
  for (let i = 0; i < list.length; i += 2) if (list[i] === name) values.push(list[i + 1] as string)
  return values
}

/** `base`, with each header replaced for which `over` has one of the same name. */
export function mergeHeaders(base: HeaderList, over: HeaderList): HeaderList {
  if (over.length === 0) return base
  if (base.length === 0) return over
  const replaced = new Set<string>()
  for (let i = 0; i < over.length; i += 2) replaced.add(over[i] as string)
  return [...filterHeaders(base, name => !replaced.has(name)), ...over]
}

/** Only the headers whose name passes. */
export function filterHeaders(list: HeaderList, keep: (name: string) => boolean): HeaderList {
  const kept: string[] = []
  for (let i = 0; i < list.length; i += 2) {
    if (keep(list[i] as string)) kept.push(list[i] as string, list[i + 1] as string)
  }
  return kept
}

/** Set by the transport: another value would contradict the framing, or send the request elsewhere. */
export const WIRE_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** RFC 9110 §5.6.2; a cookie's name is one, too (RFC 6265 §4.1.1). */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
// RFC 9110 §5.5: visible characters, obs-text, space and tab. Any other character could smuggle a second header.
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Why this pair cannot be a header (RFC 9110 §5.1, §5.5). Undefined if it can. The text never contains the value. */
export function headerProblem(name: string, value: string): string | undefined {
  if (!TOKEN.test(name))
    return `header name: expected a token of RFC 9110, got ${JSON.stringify(name)}. Use letters, digits and '-'`
  if (!HEADER_VALUE.test(value)) {
    return `header ${name}: expected a value without control characters or characters above U+00FF, got some. Encode it first`
  }
  return undefined
}

export const REDACTED = '***'

// Matches whole words, separated by `-_.[]` or a change to upper case (`authKey`), so that `monkey` and `author` print.
const SECRET_WORD =
  /(?:^|[-_.[\]])(?:auth|authorization|authentication|bearer|cookie|credentials?|jwt|key|pass|passphrase|passwd|password|pwd|secret|session|sessionid|sid|sig|signature|token)(?:$|[-_.[\]])/
const SECRET_ENDING =
  /(?:access|account|api|app|auth|client|license|master|private|secret|shared|signing|subscription)-?key|(?:password|secret|signature|token)(?:$|[-_.[\]])/

// Compared as whole names: as parts of names they are too common (`country_code`, `spin`).
const SECRET_NAMES: ReadonlySet<string> = new Set(['appid', 'app_id', 'phpsessid', 'ticket', 'otp', 'pin', 'hmac'])

/** Whether the name of a header or query field suggests a secret, or the caller listed it in `secretNames`. */
export function isSecretName(name: string, listed?: ReadonlySet<string>): boolean {
  const lower = name.toLowerCase()
  const words = name.replaceAll(/([a-z\d])([A-Z])/g, '$1-$2').toLowerCase()
  return SECRET_NAMES.has(lower) || SECRET_WORD.test(words) || SECRET_ENDING.test(lower) || listed?.has(lower) === true
}

/** The same for a query field, where `code` completes a login (OAuth 2.0, RFC 6749 §4.1.2). */
export function isSecretQueryName(name: string, listed?: ReadonlySet<string>): boolean {
  return name.toLowerCase() === 'code' || isSecretName(name, listed)
}
