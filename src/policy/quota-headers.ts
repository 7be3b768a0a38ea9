/**
 * What one response says about its server's quotas, in every dialect in use: the IETF's `RateLimit` and its older
 * drafts, `X-RateLimit-*`, `X-Rate-Limit-*`, OpenAI's and Anthropic's (table in docs/limits.md).
 *
 * `resetMs` is an upper bound, because resuming too early costs a 429: what may have been rounded down is added (see
 * `quota-reset.ts`), but never beyond the length of the window. Total and linear: a malformed value is treated as
 * absent.
 */
import { MAX_MEMBERS, parseCount, listOfResets, membersOf, policyFor, put, readPolicies } from './quota-fields.ts'
import { unquoted, widest } from './quota-fields.ts'
import type { Policy } from './quota-fields.ts'
import { readReset } from './quota-reset.ts'
import type { Reset, ServerClock } from './quota-reset.ts'
import { getHeader } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'

export interface SeenQuota {
  /** Requests that the server will still accept, after the one that it has just answered. */
  readonly remaining: number
  /** Milliseconds from now until the quota is renewed, at most. */
  readonly resetMs: number | undefined
  readonly limit: number | undefined
  readonly windowMs: number | undefined
}

/** One of the quotas that a response reports. */
export interface PublishedQuota extends Omit<SeenQuota, 'remaining'> {
  /** Name of its policy or of its headers; the same in every response that reports it. */
  readonly name: string
  /** Undefined: the server says when the quota is renewed, but not what is left. */
  readonly remaining: number | undefined
  readonly reset: Reset | undefined
  /** False for quotas of tokens, bytes or open requests, which do not say whether the next request fits. */
  readonly ofRequests: boolean
  /** The reset is the time when the whole quota is back, not when the next request fits. */
  readonly untilFull: boolean
}

export interface Published {
  /** Which of the host's quotas this response counted for (GitHub's resource, Discord's bucket). */
  readonly scope: string | undefined
  readonly quotas: readonly PublishedQuota[]
}

type QuotaFields = ReadonlyMap<string, string>

/** Longer than any honest value; such a header is ignored. */
const MAX_VALUE_CHARS = 4_096

interface Family {
  readonly name: string
  readonly remaining: string
  readonly limit: string
  readonly otherLimit: string
  readonly reset: string
  readonly resetAfter: string
  readonly policy: string
  readonly windowMs: number | undefined
  readonly ofRequests: boolean
  readonly untilFull: boolean
}

/** The header names of one family of servers. */
const FAMILIES: readonly Family[] = [
  family('ratelimit-'),
  // GitHub, GitLab, Reddit, Discord, Atlassian and most others.
  family('x-ratelimit-'),
  // Twitter, Okta, Zendesk.
  family('x-rate-limit-', '', { otherLimit: 'x-rate-limit' }),
  // OpenAI and Groq.
  family('x-ratelimit-', '-requests', { untilFull: true }),
  family('x-ratelimit-', '-tokens', { untilFull: true, ofRequests: false }),
  // Linear; RapidAPI with seconds.
  family('x-ratelimit-requests-'),
  family('x-ratelimit-complexity-', '', { ofRequests: false }),
  family('anthropic-ratelimit-requests-', '', { untilFull: true }),
  family('anthropic-ratelimit-tokens-', '', { untilFull: true, ofRequests: false }),
  family('anthropic-ratelimit-input-tokens-', '', { untilFull: true, ofRequests: false }),
  family('anthropic-ratelimit-output-tokens-', '', { untilFull: true, ofRequests: false }),
  // Kong.
  family('x-ratelimit-', '-second', { windowMs: 1_000 }),
  family('x-ratelimit-', '-minute', { windowMs: 60_000 }),
  family('x-ratelimit-', '-hour', { windowMs: 3_600_000 }),
  family('x-ratelimit-', '-day', { windowMs: 86_400_000 }),
]

function family(prefix: string, suffix = '', more: Partial<Family> = {}): Family {
  return {
    name: `${prefix}*${suffix}`,
    remaining: `${prefix}remaining${suffix}`,
    limit: `${prefix}limit${suffix}`,
    otherLimit: '',
    reset: `${prefix}reset${suffix}`,
    resetAfter: `${prefix}reset-after${suffix}`,
    policy: `${prefix}policy`,
    windowMs: undefined,
    ofRequests: true,
    untilFull: false,
    ...more,
  }
}

/** All quotas that the response reports. Undefined for most responses, which report none. */
export function readQuotas(headers: HeaderList, epochMs: number): Published | undefined {
  // Scanning 8 other headers costs 20 to 30 ns.
  for (let i = 0; i < headers.length; i += 2) {
    if (isQuotaName(headers[i] as string)) return readPublished(headers, i, epochMs)
  }
  return undefined
}

/** Whether the quota that this response counted for is exhausted. */
export function isUsedUp(headers: HeaderList): boolean {
  return readQuotas(headers, 0)?.quotas.some(({ ofRequests, remaining }) => ofRequests && remaining === 0) ?? false
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

function readPublished(headers: HeaderList, from: number, epochMs: number): Published | undefined {
  // A cached copy reports an older state, and perhaps another client's.
  if (Number(getHeader(headers, 'age')) > 0) return undefined
  const fields = new Map<string, string>()
  for (let i = from; i < headers.length; i += 2) {
    const name = headers[i] as string
    if (!isQuotaName(name)) continue
    const value = headers[i + 1] ?? ''
    const earlier = fields.get(name)
    // RFC 9110 §5.3: several lines with one name are one list.
    fields.set(name, earlier === undefined ? value : `${earlier}, ${value}`)
  }
  for (const [name, value] of fields) if (value.length > MAX_VALUE_CHARS) fields.delete(name)
  const clock = { epochMs, date: getHeader(headers, 'date') }
  const quotas = readCombined(fields, clock)
  for (const names of FAMILIES) quotas.push(...readFamily(fields, names, clock))
  if (quotas.length === 0) return undefined
  return { scope: fields.get('x-ratelimit-resource') ?? fields.get('x-ratelimit-bucket'), quotas }
}

/** `RateLimit`: a list of items since draft 8 (`"default";r=50;t=30`), a dictionary in draft 7 (`remaining=50, reset=30`). */
function readCombined(fields: QuotaFields, clock: ServerClock): PublishedQuota[] {
  const text = fields.get('ratelimit')
  if (text === undefined) return []
  const policies = readPolicies(fields.get('ratelimit-policy'))
  const dictionary = new Map<string, string>()
  const quotas: PublishedQuota[] = []
  for (const pieces of membersOf(text)) {
    for (const piece of pieces) put(dictionary, piece)
    const parameters = new Map<string, string>()
    for (const piece of pieces.slice(1)) put(parameters, piece)
    const name = unquoted(pieces[0] as string)
    const policy = widest(policies.filter(each => each.name === name))
    add(quotas, quotaOf({ ...policy, name: `policy ${name}` }, parameters.get('r'), parameters.get('t'), clock))
  }
  const limit = parseCount(dictionary.get('limit'))
  const policy = { ...policyFor(limit, policies), name: 'ratelimit' }
  add(quotas, quotaOf(policy, dictionary.get('remaining'), dictionary.get('reset'), clock))
  return quotas
}

/** Three headers. Several windows are given as lists of equal length and order (`Remaining: 1, 1000`). */
function readFamily(fields: QuotaFields, names: Family, clock: ServerClock): PublishedQuota[] {
  const remaining = (fields.get(names.remaining) ?? '').split(',')
  const resets = listOfResets(fields.get(names.resetAfter) ?? fields.get(names.reset))
  if (!fields.has(names.remaining) && resets.length !== 1) return []
  if (remaining.length > MAX_MEMBERS) return []
  const limitText = fields.get(names.limit) ?? fields.get(names.otherLimit)
  const policies = [...readPolicies(fields.get(names.policy)), ...readPolicies(limitText)]
  // `RateLimit-Limit: 100, 100;w=60` gives the limit first, then its policies.
  const limits = membersOf(limitText ?? '').filter(pieces => pieces.length === 1)
  const quotas: PublishedQuota[] = []
  for (const [i, text] of remaining.entries()) {
    const limit = limits.length === remaining.length || remaining.length === 1 ? parseCount(limits[i]?.[0]) : undefined
    const policy = policyFor(limit, policies)
    // Docker Hub writes `RateLimit-Remaining: 76;w=21600`.
    const [own] = readPolicies(text)
    const windowMs = names.windowMs ?? policy.windowMs ?? own?.windowMs
    // If the lists differ in length, their entries cannot be matched.
    const reset = resets.length === remaining.length ? resets[i] : undefined
    const quota = { ...names, ...policy, ofRequests: names.ofRequests, windowMs, name: `${names.name} ${i}` }
    add(quotas, quotaOf(quota, own === undefined ? text : String(own.limit), reset, clock))
  }
  return quotas
}

function add(quotas: PublishedQuota[], quota: PublishedQuota | undefined): void {
  if (quota !== undefined) quotas.push(quota)
}

function quotaOf(
  { name, limit, windowMs, ofRequests, untilFull = false }: Policy & { untilFull?: boolean },
  remainingText: string | undefined,
  resetText: string | undefined,
  clock: ServerClock,
): PublishedQuota | undefined {
  const remaining = parseCount(remainingText)
  const reset = resetText === undefined ? undefined : readReset(resetText.trim(), clock)
  if (remaining === undefined && (reset === undefined || (remainingText ?? '').trim() !== '')) return undefined
  // A real limit of 0 would have refused this request, so 0 means "no limit".
  if (limit === 0) return undefined
  const resetMs = reset === undefined ? undefined : Math.min(reset.atMostMs, windowMs ?? Infinity)
  return { name, remaining, resetMs, reset, limit, windowMs, ofRequests, untilFull }
}
