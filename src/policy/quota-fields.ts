/**
 * Parses the values of quota headers: lists with parameters (RFC 9651), policies and counts. Total and linear: a
 * malformed value is treated as absent.
 */

export interface Policy {
  readonly name: string
  readonly limit: number | undefined
  readonly windowMs: number | undefined
  /**
   * Whether it counts requests. Other units (`qu="content-bytes"`, `"concurrent-requests"`) do not say how many
   * requests may be sent.
   */
  readonly ofRequests: boolean
}

/** More than honest servers have, and few enough to search the whole list once per member. */
export const MAX_MEMBERS = 32

const COUNT = /^\d{1,16}(?:\.\d{1,16})?$/

/** `"default";q=100;w=60`, or `100;w=60` of the older drafts. */
export function readPolicies(text: string | undefined): Policy[] {
  if (text === undefined) return []
  const policies: Policy[] = []
  for (const [item = '', ...parameters] of membersOf(text)) {
    const named = new Map<string, string>()
    for (const parameter of parameters) put(named, parameter)
    const seconds = parseCount(named.get('w'))
    if (parameters.length === 0) continue
    const windowMs = seconds === undefined || seconds === 0 ? undefined : seconds * 1_000
    const unit = unquoted(named.get('qu') ?? 'requests')
    const limit = parseCount(named.get('q') ?? item)
    policies.push({ name: unquoted(item), limit, windowMs, ofRequests: unit === 'requests' })
  }
  return policies
}

const NO_POLICY: Policy = { name: '', limit: undefined, windowMs: undefined, ofRequests: true }

export function policyFor(limit: number | undefined, policies: readonly Policy[]): Policy {
  if (limit === undefined) return NO_POLICY
  return { ...widest(policies.filter(policy => policy.limit === limit)), limit }
}

/** The policy with the longest window, because the result must be an upper bound. */
export function widest(policies: readonly Policy[]): Policy {
  let found = policies[0] ?? NO_POLICY
  for (const policy of policies) {
    if (policy.windowMs === undefined) return policy
    if (policy.windowMs > (found.windowMs ?? Infinity)) found = policy
  }
  return found
}

/** A whole number of requests, or undefined for values such as `-1` and `1e9`. A fraction is rounded down. */
export function parseCount(text: string | undefined): number | undefined {
  const trimmed = text?.trim()
  if (trimmed === undefined || !COUNT.test(trimmed)) return undefined
  const count = Math.floor(Number(trimmed))
  return Number.isSafeInteger(count) ? count : undefined
}

/** Splits at commas, except the one inside a date. */
export function listOfResets(text: string | undefined): string[] {
  if (text === undefined) return []
  return /^\s*[A-Z][a-z]{2,8},/.test(text) ? [text] : text.split(',')
}

/**
 * Members of a structured field (RFC 9651), each as its item followed by its parameters. Empty if a quote is not
 * closed.
 */
export function membersOf(text: string): string[][] {
  const members = splitOutsideQuotes(text, ',')
  if (members.length > MAX_MEMBERS) return []
  return members.map(member => splitOutsideQuotes(member, ';').map(piece => piece.trim()))
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator)
  const pieces: string[] = []
  let quoted = false
  let from = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (quoted && char === '\\') i++
    else if (char === '"') quoted = !quoted
    else if (!quoted && char === separator) {
      pieces.push(text.slice(from, i))
      from = i + 1
    }
  }
  return quoted ? [] : [...pieces, text.slice(from)]
}

export function unquoted(item: string): string {
  return item.startsWith('"') && item.endsWith('"') ? item.slice(1, -1) : item
}

/** Adds `key=value`. A key that occurs again with another value is treated as empty. */
export function put(map: Map<string, string>, piece: string): void {
  const at = piece.indexOf('=')
  if (at <= 0) return
  const [key, value] = [piece.slice(0, at).trimEnd(), piece.slice(at + 1).trimStart()]
  const earlier = map.get(key)
  map.set(key, earlier === undefined || earlier === value ? value : '')
}
