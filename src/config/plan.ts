/** Options that have been read → plans: everything merged, every default filled in, nothing optional left. */
import { credentialsOf } from '../core/call.ts'
import type { CallPlan, Credentials, RetryPlan, SpeedPlan } from '../core/call.ts'
import { ConfigError } from '../core/error.ts'
import { filterHeaders, getHeader, mergeHeaders } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'
import { MAX_JSON_DEPTH } from '../core/json-depth.ts'
import { DIRECT } from '../core/route.ts'
import type { FailureMode } from '../core/options.ts'
import type { Progress } from '../core/progress.ts'
import type { Sink } from '../core/sink.ts'
import type { Params } from '../core/spec.ts'
import { bodyOf, hasBody } from './body.ts'
import type { BodyPlan } from './body.ts'
import { planLanes } from './client-plan.ts'
import { readHeaders } from './header-input.ts'
import type { ReadHeaders } from './header-input.ts'
import { problem } from './kinds.ts'
import { DEFAULT_TIMEOUTS, planTimeouts } from './timeout-plan.ts'
import { checkMethod } from './options/bodies.ts'
import { checkSaving, planSaving } from './options/files.ts'
import { NO_ONCHUNK } from './options/results.ts'
import { NOT_RESUMABLE } from './options/run-file.ts'
import type { Values } from './table.ts'

/** What every request of a batch starts from. */
export interface RequestPlan {
  readonly headers: HeaderList
  /** Names given as undefined: our own default of that name is left out. */
  readonly unsetHeaders: readonly string[]
  readonly params: Params | undefined
  readonly method: string | undefined
  readonly body: BodyPlan | undefined
  readonly credentials: Credentials | undefined
  readonly baseUrl: string | undefined
  /** Rotated over the requests; empty when a `User-Agent` header was given. */
  readonly userAgents: readonly string[]
  readonly idempotencyKey: boolean
  readonly allowHostHeader: boolean
  /** False where a transport of the caller's carries the requests: it goes its own ways. */
  readonly takesProxy: boolean
  readonly call: CallPlan
}

/** How a run is recorded, and taken up again. */
export interface ResumePlan {
  readonly path: string
  readonly retryFailed: boolean
  readonly unknownWrites: 'fail' | 'resend'
  readonly durability: 'process' | 'power'
}

export interface BatchPlan {
  readonly keys: readonly string[] | undefined
  readonly onFailure: FailureMode
  readonly maxFailures: number
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: Progress) => void) | undefined
  readonly order: 'completed' | 'input'
  readonly window: number
  readonly resume: ResumePlan | undefined
  readonly sink: Sink | undefined
  readonly paramsPerUrl: readonly Params[] | undefined
  /** Why the body of the options can serve one request only; undefined when it serves any number. */
  readonly soleBody: string | undefined
  readonly request: RequestPlan
}

/** The options of a call over those of its client. Headers and params merge name by name, everything else replaces. */
export function planBatch(defaults: Values, given: Values, concurrency: number, version: string): BatchPlan {
  const values: Values = { ...withoutBody(defaults, given), ...given }
  const { headers, unset } = mergedHeaders(defaults, given)
  const perUrl = Array.isArray(given.params) ? (given.params as readonly Params[]) : undefined
  const params = perUrl === undefined ? mergeParams(defaults.params, given.params) : defaults.params
  const userAgent = values.userAgent ?? `parallel-requests/${version}`
  const named = getHeader(headers, 'user-agent') !== undefined
  const body = bodyOf(values, [])
  const problems: string[] = []
  if (body !== undefined) checkMethod(values.method, problems)
  // Read again, because only here the call's headers and the client's word meet.
  if (values.allowHostHeader !== true) readHeaders(given.headers ?? {}, problems)
  if (values.returnType === 'stream') {
    if (values.onChunk === undefined) problems.push(NO_ONCHUNK)
    if (values.resume !== undefined) problems.push(NOT_RESUMABLE)
  }
  checkSaving(values.returnType ?? 'json', values, problems)
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    keys: values.keys,
    onFailure: values.onFailure ?? 'throw',
    maxFailures: values.maxFailures ?? Infinity,
    signal: values.signal,
    onProgress: values.onProgress as BatchPlan['onProgress'],
    order: values.order ?? 'completed',
    window: values.window ?? Math.max(4 * (Number.isFinite(concurrency) ? concurrency : 64), 256),
    resume: planResume(values),
    sink: values.sink,
    paramsPerUrl: perUrl,
    soleBody: soleBody(values.json, body),
    request: {
      headers,
      unsetHeaders: unset,
      params: params as Params | undefined,
      method: values.method?.toUpperCase(),
      body,
      credentials: values.auth === undefined ? undefined : credentialsOf(values.auth),
      baseUrl: values.baseUrl === undefined ? undefined : String(values.baseUrl),
      userAgents: named ? [] : typeof userAgent === 'string' ? [userAgent] : userAgent,
      idempotencyKey: values.idempotencyKey === true,
      allowHostHeader: values.allowHostHeader === true,
      takesProxy: defaults.transport === undefined,
      call: planCall(
        given,
        planCall(defaults, { ...DEFAULT_CALL, saving: { ...NO_SAVING, batch: {} }, ...planLanes(defaults) }),
      ),
    },
  }
}

function planResume({ resume, retryFailed, unknownWrites, durability }: Values): ResumePlan | undefined {
  if (resume === undefined) return undefined
  return {
    path: resume,
    retryFailed: retryFailed ?? false,
    unknownWrites: unknownWrites ?? 'fail',
    durability: durability ?? 'process',
  }
}

function soleBody(json: unknown, body: BodyPlan | undefined): string | undefined {
  if (Array.isArray(json)) {
    return problem(
      'json',
      'one body for all URLs',
      'an array, which would be sent whole to each of them',
      'Put each body into its own request: urls.map((url, i) => ({ url, json: bodies[i] })).',
    )
  }
  if (body?.replayable !== false) return undefined
  return problem(
    'body',
    'one for all URLs',
    'a stream, which can be read once',
    'Give a function that opens it anew for each: () => createReadStream(path).',
  )
}

/** By name, the call's over the client's; a name given as undefined takes the client's away. */
function mergedHeaders(defaults: Values, given: Values): { headers: HeaderList; unset: readonly string[] } {
  const base = headersOf(defaults)
  const over = headersOf(given)
  const kept = filterHeaders(base.set, name => !over.unset.includes(name))
  return { headers: mergeHeaders(kept, over.set), unset: [...base.unset, ...over.unset] }
}

/** A body of the call replaces one of the client, whatever kind either is. */
function withoutBody(defaults: Values, given: Values): Values {
  if (!hasBody(given)) return defaults
  const { json: _json, form: _form, multipart: _multipart, body: _body, ...rest } = defaults
  return rest
}

const headersOf = ({ headers }: Values): ReadHeaders => readHeaders(headers ?? {}, [], true)

function mergeParams(base: unknown, over: unknown): unknown {
  return base === undefined || over === undefined ? (over ?? base) : { ...(base as Params), ...(over as Params) }
}

const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'])
const RETRY_STATUSES: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

const NO_SAVING: CallPlan['saving'] = { saveTo: undefined, checksum: undefined, batch: {} }

export const DEFAULT_CALL: CallPlan = {
  returnType: 'json',
  schema: undefined,
  parseFunc: undefined,
  acceptStatus: status => status >= 200 && status < 300,
  timeouts: DEFAULT_TIMEOUTS,
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
  maxJsonDepth: MAX_JSON_DEPTH,
  ways: DIRECT,
  onChunk: undefined,
  saving: NO_SAVING,
  given: { attemptMs: undefined, callbackMs: undefined, maxResponseBytes: undefined },
  minSpeed: { bytesPerSecond: 256, overMs: 30_000 },
  strictIntegrity: false,
  contentCoding: 'strict',
  limitKey: undefined,
  hostPatterns: [],
  cost: undefined,
  weighted: {},
  secretNames: undefined,
  hooks: {},
}

/** The part of the options that a single spec may override as well. */
export function planCall(values: Values, base: CallPlan): CallPlan {
  const returnType = values.returnType ?? base.returnType
  const streams = returnType === 'stream' || returnType === 'file'
  const given = {
    attemptMs: values.timeout ?? base.given.attemptMs,
    callbackMs: values.timeouts?.callback ?? base.given.callbackMs,
    maxResponseBytes: values.maxResponseBytes ?? base.given.maxResponseBytes,
  }
  return {
    returnType,
    schema: (values.schema as CallPlan['schema']) ?? base.schema,
    parseFunc: (values.parseFunc as CallPlan['parseFunc']) ?? base.parseFunc,
    acceptStatus: (values.acceptStatus as CallPlan['acceptStatus'] | undefined) ?? base.acceptStatus,
    timeouts: planTimeouts(
      values,
      base.timeouts,
      given.attemptMs ?? (streams ? Infinity : DEFAULT_CALL.timeouts.attemptMs),
      given.callbackMs,
    ),
    maxRetries: values.maxRetries ?? base.maxRetries,
    retry: planRetry(values.retry, base.retry),
    followRedirects: values.followRedirects ?? base.followRedirects,
    maxRedirects: values.maxRedirects ?? base.maxRedirects,
    allowDowngrade: values.allowDowngrade ?? base.allowDowngrade,
    allowBodyAcrossOrigins: values.allowBodyAcrossOrigins ?? base.allowBodyAcrossOrigins,
    maxResponseBytes: given.maxResponseBytes ?? (streams ? Infinity : DEFAULT_CALL.maxResponseBytes),
    onChunk: (values.onChunk as CallPlan['onChunk']) ?? base.onChunk,
    saving: planSaving(values, base.saving),
    given,
    ways: values.proxy ?? values.proxies ?? values.proxyFile ?? base.ways,
    minSpeed: planSpeed(values.minSpeed, base.minSpeed),
    strictIntegrity: values.strictIntegrity ?? base.strictIntegrity,
    maxJsonDepth: values.maxJsonDepth ?? base.maxJsonDepth,
    contentCoding: values.contentCoding ?? base.contentCoding,
    limitKey: base.limitKey,
    hostPatterns: base.hostPatterns,
    cost: values.cost ?? base.cost,
    weighted: base.weighted,
    secretNames: planSecretNames(values.secretNames, base.secretNames),
    hooks: (values.hooks as CallPlan['hooks'] | undefined) ?? base.hooks,
  }
}

/** Added to the client's and never in their place: a call that names one secret does not mean to print another. */
function planSecretNames(names: readonly string[] | undefined, base: CallPlan['secretNames']): CallPlan['secretNames'] {
  return names === undefined ? base : new Set([...(base ?? []), ...names.map(name => name.toLowerCase())])
}

function planSpeed(speed: Values['minSpeed'], base: SpeedPlan): SpeedPlan {
  return speed ? { bytesPerSecond: speed.bytes ?? base.bytesPerSecond, overMs: speed.over ?? base.overMs } : base
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
