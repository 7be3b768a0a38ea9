/**
 * Options → plans: everything merged, every default filled in, nothing optional left. A mistake is a ConfigError that
 * names every problem at once.
 */
import { credentialsOf } from '../core/call.ts'
import type { CallPlan, Credentials, RetryPlan, TimeoutPlan } from '../core/call.ts'
import { ConfigError } from '../core/error.ts'
import { mergeHeaders } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'
import type { CookiesInput, DispatcherLike, FailureMode, Progress } from '../core/options.ts'
import type { Transport } from '../core/ports.ts'
import { defaultBurst } from '../core/rate.ts'
import type { Rate } from '../core/rate.ts'
import type { Auth, HeadersInput, Params } from '../core/spec.ts'
import { bodyOf } from './body.ts'
import type { BodyPlan } from './body.ts'
import { readHeaders } from './header-input.ts'
import { got, isRecord } from './kinds.ts'
import { adviceFor } from './names.ts'
import { OPTIONS, OPTION_NAMES } from './options.ts'
import type { OptionName, OptionRow, Values } from './options.ts'

/** Who is given the options: decides which of them belong there. */
export type Place = 'constructor' | 'request' | 'stream' | 'one-shot'

export interface ClientPlan {
  readonly concurrency: number
  readonly rates: readonly Rate[]
  readonly budget: { readonly reserve: number; readonly ratio: number }
  readonly cookies: CookiesInput | undefined
  readonly tls: {
    readonly verify: boolean
    readonly ca?: string | readonly string[]
    readonly cert?: string
    readonly key?: string
  }
  readonly transport: Transport | DispatcherLike | undefined
}

/** What every request of a batch starts from. */
export interface RequestPlan {
  readonly headers: HeaderList
  readonly params: Params | undefined
  readonly method: string | undefined
  readonly body: BodyPlan | undefined
  readonly credentials: Credentials | undefined
  readonly baseUrl: string | undefined
  /** Rotated over the requests; empty when a `User-Agent` header was given. */
  readonly userAgents: readonly string[]
  readonly idempotencyKey: boolean
  readonly call: CallPlan
}

export interface BatchPlan {
  readonly keys: readonly string[] | undefined
  readonly onFailure: FailureMode
  readonly maxFailures: number
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: Progress) => void) | undefined
  readonly order: 'completed' | 'input'
  readonly window: number
  readonly paramsPerUrl: readonly Params[] | undefined
  /** A list as the body of every request is nearly always meant as one body per request. */
  readonly jsonIsArray: boolean
  readonly request: RequestPlan
}

/** Reads the options given in one place; all problems end in one ConfigError. */
export function readOptions(options: unknown, place: Place, also: readonly string[] = []): Values {
  if (options === undefined) return {}
  if (!isRecord(options)) throw new ConfigError([`options: expected an object, got ${got(options)}.`])
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, given] of Object.entries(options)) {
    if (also.includes(name)) continue
    if (!Object.hasOwn(OPTIONS, name)) {
      const advice = adviceFor(name, OPTION_NAMES)
      problems.push(`${name}: expected the name of an option, got an unknown one.${advice && ` ${advice}`}`)
      continue
    }
    if (given === undefined) continue
    const row: OptionRow<unknown> = OPTIONS[name as OptionName]
    const misplaced = misplacement(row, place)
    if (misplaced !== undefined) problems.push(`${name}: ${misplaced}`)
    else values[name] = row.read(given, name, problems)
  }
  checkTogether(values as Values, place, problems)
  if (problems.length > 0) throw new ConfigError(problems)
  return values as Values
}

/** The options of a one-shot call as those of the client that it makes and those of its one batch. */
export function splitOptions(options: unknown): { client: object; batch: object } {
  const client: Record<string, unknown> = {}
  const batch: Record<string, unknown> = {}
  for (const [name, given] of Object.entries(options ?? {})) {
    const ofBatch = OPTIONS[name as OptionName].scope === 'call' || (name === 'params' && Array.isArray(given))
    ;(ofBatch ? batch : client)[name] = given
  }
  return { client, batch }
}

function misplacement({ scope, only }: OptionRow<unknown>, place: Place): string | undefined {
  if (place === 'constructor' && scope === 'call') {
    return 'expected in a call, got it in the constructor. It shapes one result: give it to request() or stream().'
  }
  if ((place === 'request' || place === 'stream') && scope === 'client') {
    return 'expected in the constructor, got it in a call. Limits and connections belong to the client: new ParallelRequests({ … }).'
  }
  if (only === 'stream' && place !== 'stream')
    return 'expected in stream() only. Results of request() are in input order.'
  if (only === 'request' && place === 'stream')
    return 'expected in request() only. stream() yields outcomes; give `key` in the specs.'
  return undefined
}

/** What only shows when two options are seen together. */
function checkTogether(values: Values, place: Place, problems: string[]): void {
  const { returnType, schema, rateLimit, rateLimitBurst, params, keys } = values
  if (schema !== undefined && returnType !== undefined && returnType !== 'json' && returnType !== 'text') {
    problems.push(`schema: expected returnType 'json' or 'text' beside it, got '${returnType}'. Use parseFunc instead.`)
  }
  if (rateLimitBurst !== undefined) {
    if (rateLimit === undefined) {
      problems.push(`rateLimitBurst: expected rateLimit beside it, got none. Set rateLimit, for example '10/s'.`)
    }
    for (const { limit, burst } of rateLimit ?? []) {
      if (burst !== undefined || rateLimitBurst <= limit) continue
      problems.push(`rateLimitBurst: expected an integer from 1 to the limit (${limit}), got ${rateLimitBurst}.`)
    }
  }
  if (Array.isArray(params) && (place === 'stream' || place === 'constructor')) {
    problems.push(
      `params: expected an object here, got an array. One per URL belongs to request() with an array of URLs, or into the specs.`,
    )
  }
  if (keys !== undefined && new Set(keys).size !== keys.length) {
    const repeated = keys.find((key, index) => keys.indexOf(key) !== index)
    problems.push(`keys: expected names that differ, got ${got(repeated)} twice. Give each request its own.`)
  }
  if (values.headers !== undefined) readHeaders(values.headers as HeadersInput, problems, 'headers')
  const body = bodyOf(values, problems, 'options')
  const method = values.method?.toUpperCase()
  if (body !== undefined && (method === 'GET' || method === 'HEAD')) {
    problems.push(`method: expected one that takes a body, got '${method}' beside a body. Leave method out for POST.`)
  }
}

export function planClient(values: Values): ClientPlan {
  const { tls } = values
  const rates = (values.rateLimit ?? []).map(({ limit, intervalMs, burst }) => ({
    limit,
    intervalMs,
    burst: burst ?? values.rateLimitBurst ?? defaultBurst(limit, intervalMs),
  }))
  return {
    concurrency: values.concurrency ?? 20,
    rates,
    budget: { reserve: values.retry?.budget?.reserve ?? 10, ratio: values.retry?.budget?.ratio ?? 0.2 },
    cookies: values.cookies as CookiesInput | undefined,
    tls: { verify: values.verifySsl ?? true, ...tls },
    transport: values.transport as Transport | DispatcherLike | undefined,
  }
}

/** The options of a call over those of its client. Headers and params merge name by name, everything else replaces. */
export function planBatch(defaults: Values, given: Values, concurrency: number, version: string): BatchPlan {
  const values: Values = { ...withoutBody(defaults, given), ...given }
  const headers = mergeHeaders(headersOf(defaults), headersOf(given))
  const params = Array.isArray(values.params) ? defaults.params : mergeParams(defaults.params, given.params)
  const userAgent = values.userAgent ?? `parallel-requests/${version}`
  const named = headers.includes('user-agent')
  return {
    keys: values.keys,
    onFailure: values.onFailure ?? 'throw',
    maxFailures: values.maxFailures ?? Infinity,
    signal: values.signal,
    onProgress: values.onProgress as BatchPlan['onProgress'],
    order: values.order ?? 'completed',
    window: values.window ?? Math.max(4 * (Number.isFinite(concurrency) ? concurrency : 64), 256),
    paramsPerUrl: Array.isArray(given.params) ? (given.params as readonly Params[]) : undefined,
    jsonIsArray: Array.isArray(values.json),
    request: {
      headers,
      params: params as Params | undefined,
      method: values.method?.toUpperCase(),
      body: bodyOf(values, [], 'options'),
      credentials: values.auth === undefined ? undefined : credentialsOf(values.auth as Auth),
      baseUrl: values.baseUrl === undefined ? undefined : String(values.baseUrl),
      userAgents: named ? [] : typeof userAgent === 'string' ? [userAgent] : userAgent,
      idempotencyKey: values.idempotencyKey !== undefined && values.idempotencyKey !== false,
      call: planCall(values, DEFAULT_CALL),
    },
  }
}

/** A body of the call replaces one of the client, whatever kind either is. */
function withoutBody(defaults: Values, given: Values): Values {
  if (given.json === undefined && given.form === undefined && given.body === undefined) return defaults
  const { json: _json, form: _form, body: _body, ...rest } = defaults
  return rest
}

function headersOf(values: Values): HeaderList {
  return values.headers === undefined ? [] : readHeaders(values.headers as HeadersInput, [], 'headers').set
}

function mergeParams(base: unknown, over: unknown): unknown {
  return base === undefined || over === undefined ? (over ?? base) : { ...(base as Params), ...(over as Params) }
}

const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'])
const RETRY_STATUSES: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

export const DEFAULT_CALL: CallPlan = {
  returnType: 'json',
  schema: undefined,
  parseFunc: undefined,
  acceptStatus: status => status >= 200 && status < 300,
  timeouts: {
    attemptMs: 30_000,
    connectMs: 10_000,
    headersMs: 30_000,
    idleMs: 30_000,
    callbackMs: Infinity,
    totalMs: Infinity,
  },
  maxRetries: 3,
  retry: {
    methods: IDEMPOTENT_METHODS,
    statuses: RETRY_STATUSES,
    backoff: { baseMs: 500, maxMs: 30_000 },
    maxRetryAfterMs: 120_000,
    shouldRetry: undefined,
  },
  followRedirects: true,
  maxRedirects: 10,
  allowDowngrade: false,
  allowBodyAcrossOrigins: false,
  maxResponseBytes: 64 * 2 ** 20,
  secretNames: undefined,
  hooks: {},
}

/** The part of the options that a single spec may override as well. */
export function planCall(values: Values, base: CallPlan): CallPlan {
  return {
    returnType: values.returnType ?? base.returnType,
    schema: (values.schema as CallPlan['schema']) ?? base.schema,
    parseFunc: (values.parseFunc as CallPlan['parseFunc']) ?? base.parseFunc,
    acceptStatus: (values.acceptStatus as CallPlan['acceptStatus'] | undefined) ?? base.acceptStatus,
    timeouts: planTimeouts(values, base.timeouts),
    maxRetries: values.maxRetries ?? base.maxRetries,
    retry: planRetry(values.retry, base.retry),
    followRedirects: values.followRedirects ?? base.followRedirects,
    maxRedirects: values.maxRedirects ?? base.maxRedirects,
    allowDowngrade: values.allowDowngrade ?? base.allowDowngrade,
    allowBodyAcrossOrigins: values.allowBodyAcrossOrigins ?? base.allowBodyAcrossOrigins,
    maxResponseBytes: values.maxResponseBytes ?? base.maxResponseBytes,
    secretNames: values.secretNames ? new Set(values.secretNames.map(name => name.toLowerCase())) : base.secretNames,
    hooks: (values.hooks as CallPlan['hooks'] | undefined) ?? base.hooks,
  }
}

function planTimeouts({ timeout, timeouts }: Values, base: TimeoutPlan): TimeoutPlan {
  return {
    attemptMs: timeout ?? base.attemptMs,
    connectMs: timeouts?.connect ?? base.connectMs,
    headersMs: timeouts?.headers ?? base.headersMs,
    idleMs: timeouts?.idle ?? base.idleMs,
    callbackMs: timeouts?.callback ?? base.callbackMs,
    totalMs: timeouts?.total ?? base.totalMs,
  }
}

function planRetry(retry: Values['retry'], base: RetryPlan): RetryPlan {
  if (retry === undefined) return base
  return {
    methods: retry.methods ? new Set(retry.methods.map(method => method.toUpperCase())) : base.methods,
    statuses: retry.statuses ? new Set(retry.statuses) : base.statuses,
    backoff: planBackoff(retry.backoff, base.backoff),
    maxRetryAfterMs: retry.maxRetryAfter ?? base.maxRetryAfterMs,
    shouldRetry: (retry.shouldRetry as RetryPlan['shouldRetry']) ?? base.shouldRetry,
  }
}

function planBackoff(
  backoff: NonNullable<Values['retry']>['backoff'],
  base: RetryPlan['backoff'],
): RetryPlan['backoff'] {
  if (backoff === undefined) return base
  if (typeof backoff === 'function') return backoff as RetryPlan['backoff']
  const inherited = typeof base === 'function' ? { baseMs: 500, maxMs: 30_000 } : base
  const parts = backoff as { base?: number; max?: number }
  return { baseMs: parts.base ?? inherited.baseMs, maxMs: parts.max ?? inherited.maxMs }
}
