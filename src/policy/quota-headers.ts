/**
 * What one response says about its server's quota, in any of the dialects that are spoken: the IETF's `RateLimit` and
 * its older drafts, `X-RateLimit-*`, `X-Rate-Limit-*`, OpenAI's and Anthropic's.
 *
 * `resetMs` is an upper bound, because resuming too early costs a 429: what may have been rounded down is added (see
 * `quota-reset.ts`), but a window never lasts longer than itself. Total and linear: nonsense is as good as absent.
 */
import { resetMsOf } from './quota-reset.ts'
import type { ServerClock } from './quota-reset.ts'
import { getHeader } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'

export interface SeenQuota {
  /** Requests that the server will still take, this one already counted. */
  readonly remaining: number
  /** Milliseconds from now until the quota is renewed, at most. */
  readonly resetMs: number | undefined
  readonly limit: number | undefined
  readonly windowMs: number | undefined
}

interface Policy {
  readonly name: string
  readonly limit: number | undefined
  readonly windowMs: number | undefined
}

type Fields = ReadonlyMap<string, string>

/** Longer than any honest value: it is not read. */
const MAX_VALUE_CHARS = 4_096
/** More policies than any honest server has, and few enough to look all of them up for each of them. */
const MAX_MEMBERS = 32

const COUNT = /^\d{1,16}(?:\.\d{1,16})?$/

/** What the same thing is called by servers of one kind. */
const FAMILIES = [
  family('ratelimit-'),
  // GitHub, GitLab, Reddit, Discord, Atlassian and most others.
  family('x-ratelimit-'),
  // Twitter, Okta, Zendesk.
  { ...family('x-rate-limit-'), otherLimit: 'x-rate-limit' },
  // OpenAI and those who copy it. What it says of tokens does not count requests.
  family('x-ratelimit-', '-requests'),
  // Linear.
  family('x-ratelimit-requests-'),
  family('anthropic-ratelimit-requests-'),
  // Kong.
  family('x-ratelimit-', '-second', 1_000),
  family('x-ratelimit-', '-minute', 60_000),
  family('x-ratelimit-', '-hour', 3_600_000),
  family('x-ratelimit-', '-day', 86_400_000),
]

function family(prefix: string, suffix = '', windowMs?: number) {
  return {
    remaining: `${prefix}remaining${suffix}`,
    limit: `${prefix}limit${suffix}`,
    otherLimit: '',
    reset: `${prefix}reset${suffix}`,
    resetAfter: `${prefix}reset-after${suffix}`,
    policy: `${prefix}policy`,
    windowMs,
  }
}

/** The most restrictive of what is published: the smallest remaining; of equals the later reset. */
export function readQuota(headers: HeaderList, epochMs: number): SeenQuota | undefined {
  // Most responses have nothing to say: 8 headers of others cost 20 to 30 ns.
  for (let i = 0; i < headers.length; i += 2) {
    if (isQuotaName(headers[i] as string)) return readPublished(headers, i, epochMs)
  }
  return undefined
}

function isQuotaName(name: string): boolean {
  switch (name.charCodeAt(0)) {
    case 0x72: // r
      return name.startsWith('ratelimit')
    case 0x78: // x
      return name.startsWith('x-rate')
    case 0x61: // a
      return name.startsWith('anthropic-ratelimit')
    default:
      return false
  }
}

function readPublished(headers: HeaderList, from: number, epochMs: number): SeenQuota | undefined {
  // A copy from a cache tells what was left for somebody else, some time ago.
  if (Number(getHeader(headers, 'age')) > 0) return undefined
  const fields = new Map<string, string>()
  for (let i = from; i < headers.length; i += 2) {
    const name = headers[i] as string
    if (!isQuotaName(name)) continue
    const value = headers[i + 1] ?? ''
    const earlier = fields.get(name)
    // RFC 9110 §5.3: lines of one name are one list.
    fields.set(name, earlier === undefined ? value : `${earlier}, ${value}`)
  }
  for (const [name, value] of fields) if (value.length > MAX_VALUE_CHARS) fields.delete(name)
  const clock = { epochMs, date: getHeader(headers, 'date') }
  let strictest = readCombined(fields, clock)
  for (const names of FAMILIES) strictest = stricter(strictest, readFamily(fields, names, clock))
  return strictest
}

function stricter(a: SeenQuota | undefined, b: SeenQuota | undefined): SeenQuota | undefined {
  if (a === undefined || b === undefined) return a ?? b
  if (a.remaining !== b.remaining) return a.remaining < b.remaining ? a : b
  return (b.resetMs ?? -1) > (a.resetMs ?? -1) ? b : a
}

/** `RateLimit`: a list of items since draft 8 (`"default";r=50;t=30`), a dictionary in draft 7 (`remaining=50, reset=30`). */
function readCombined(fields: Fields, clock: ServerClock): SeenQuota | undefined {
  const text = fields.get('ratelimit')
  if (text === undefined) return undefined
  const policies = readPolicies(fields.get('ratelimit-policy'))
  const dictionary = new Map<string, string>()
  let strictest: SeenQuota | undefined
  for (const pieces of membersOf(text)) {
    for (const piece of pieces) put(dictionary, piece)
    const parameters = new Map<string, string>()
    for (const piece of pieces.slice(1)) put(parameters, piece)
    const name = unquoted(pieces[0] as string)
    const policy = widest(policies.filter(each => each.name === name))
    strictest = stricter(strictest, quotaOf(parameters.get('r'), parameters.get('t'), policy, clock))
  }
  const limit = countOf(dictionary.get('limit'))
  const policy = policyFor(limit, policies)
  return stricter(strictest, quotaOf(dictionary.get('remaining'), dictionary.get('reset'), policy, clock))
}

/** Three headers; several windows stand in them as lists of the same length and order (`Remaining: 1, 1000`). */
function readFamily(fields: Fields, names: (typeof FAMILIES)[number], clock: ServerClock): SeenQuota | undefined {
  const remaining = fields.get(names.remaining)?.split(',')
  if (remaining === undefined || remaining.length > MAX_MEMBERS) return undefined
  const limitText = fields.get(names.limit) ?? fields.get(names.otherLimit)
  const policies = [...readPolicies(fields.get(names.policy)), ...readPolicies(limitText)]
  // `RateLimit-Limit: 100, 100;w=60` says the limit, then its policies.
  const limits = membersOf(limitText ?? '').filter(pieces => pieces.length === 1)
  const resets = listOfResets(fields.get(names.resetAfter) ?? fields.get(names.reset))
  let strictest: SeenQuota | undefined
  for (const [i, text] of remaining.entries()) {
    const limit = limits.length === remaining.length || remaining.length === 1 ? countOf(limits[i]?.[0]) : undefined
    const policy = policyFor(limit, policies)
    const windowMs = names.windowMs ?? policy.windowMs
    // Of lists that do not match, nobody knows what belongs to what.
    const reset = resets.length === remaining.length ? resets[i] : undefined
    strictest = stricter(strictest, quotaOf(text, reset, { ...policy, windowMs }, clock))
  }
  return strictest
}

function quotaOf(
  remainingText: string | undefined,
  resetText: string | undefined,
  { limit, windowMs }: Policy,
  clock: ServerClock,
): SeenQuota | undefined {
  const remaining = countOf(remainingText)
  // A limit of 0 would have refused this request: it stands for none.
  if (remaining === undefined || limit === 0) return undefined
  const resetMs = resetText === undefined ? undefined : resetMsOf(resetText.trim(), clock)
  if (resetMs === undefined) return { remaining, resetMs, limit, windowMs }
  return { remaining, resetMs: Math.min(resetMs, windowMs ?? Infinity), limit, windowMs }
}

/** `"default";q=100;w=60`, or `100;w=60` of the older drafts. */
function readPolicies(text: string | undefined): Policy[] {
  if (text === undefined) return []
  const policies: Policy[] = []
  for (const [item = '', ...parameters] of membersOf(text)) {
    const named = new Map<string, string>()
    for (const parameter of parameters) put(named, parameter)
    const seconds = countOf(named.get('w'))
    if (parameters.length === 0) continue
    const windowMs = seconds === undefined || seconds === 0 ? undefined : seconds * 1_000
    policies.push({ name: unquoted(item), limit: countOf(named.get('q') ?? item), windowMs })
  }
  return policies
}

const NO_POLICY: Policy = { name: '', limit: undefined, windowMs: undefined }

function policyFor(limit: number | undefined, policies: readonly Policy[]): Policy {
  if (limit === undefined) return NO_POLICY
  return { ...widest(policies.filter(policy => policy.limit === limit)), limit }
}

/** The one with the longest window: what is made of it is an upper bound. */
function widest(policies: readonly Policy[]): Policy {
  let found = policies[0] ?? NO_POLICY
  for (const policy of policies) {
    if (policy.windowMs === undefined) return policy
    if (policy.windowMs > (found.windowMs ?? Infinity)) found = policy
  }
  return found
}

/** A whole number of requests, or undefined: `-1` and `1e9` are none, a fraction is rounded down. */
function countOf(text: string | undefined): number | undefined {
  const trimmed = text?.trim()
  if (trimmed === undefined || !COUNT.test(trimmed)) return undefined
  const count = Math.floor(Number(trimmed))
  return Number.isSafeInteger(count) ? count : undefined
}

/** The comma of a date separates nothing. */
function listOfResets(text: string | undefined): string[] {
  if (text === undefined) return []
  return /^\s*[A-Z][a-z]{2,8},/.test(text) ? [text] : text.split(',')
}

/** Members of a structured field (RFC 9651), each as its item and then its parameters. None when a quote stays open. */
function membersOf(text: string): string[][] {
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

function unquoted(item: string): string {
  return item.startsWith('"') && item.endsWith('"') ? item.slice(1, -1) : item
}

/** Of `key=value`. A key that is given twice with different values says nothing. */
function put(map: Map<string, string>, piece: string): void {
  const at = piece.indexOf('=')
  if (at <= 0) return
  const [key, value] = [piece.slice(0, at).trimEnd(), piece.slice(at + 1).trimStart()]
  const earlier = map.get(key)
  map.set(key, earlier === undefined || earlier === value ? value : '')
}
