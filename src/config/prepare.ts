/**
 * Spec → Call: merged with the batch's options, parsed and checked. A mistake in one spec is found here, does not
 * affect other requests, and ends as `invalid_request/<field>`.
 */
import { isThenable } from '../core/callback.ts'
import { isMultipart } from '../core/body.ts'
import { basic, credentialsOf } from '../core/call.ts'
import type { Call, Credentials } from '../core/call.ts'
import { filterHeaders, getHeader, headerProblem, mergeHeaders } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import type { Params, RequestSpec } from '../core/spec.ts'
import { Trip } from '../core/trip.ts'
import type { Label } from '../core/unsent-outcome.ts'
import { Unusable } from './unusable.ts'
import { parseUrl } from '../core/url.ts'
import type { ParsedUrl } from '../core/url.ts'
import { readAuth } from './auth-input.ts'
import { bodyPlanOf, hasBody } from './body.ts'
import type { BodyPlan } from './body.ts'
import { isFetchRequest, specOfRequest } from './fetch-request.ts'
import { readHeaders } from './header-input.ts'
import type { ReadHeaders } from './header-input.ts'
import { costsOf } from './cost.ts'
import { requestIdentity, ownQuery, withAuthorization } from './identity.ts'
import { got, isRecord, problem } from './kinds.ts'
import { laneKeyOf } from './lane-key.ts'
import { bareOf, fromTemplate, keepTemplate, NO_PARAMS } from './template.ts'
import type { Bare } from './template.ts'
import { adviceFor } from './names.ts'
import { isMethod, readMethod } from './options/bodies.ts'
import { NO_HEADERS, ownOf } from './own.ts'
import type { RequestPlan } from './plan.ts'
import { claim, USED } from './one-shot.ts'
import { readPairs } from './query-input.ts'
import { callPlanFor } from './spec-plan.ts'
import { OPTIONS, OPTION_NAMES } from './table.ts'
import type { OptionName } from './table.ts'
import type { Problem } from '../core/problem.ts'
import { wordsOf, wordsOfAll } from '../core/problem.ts'
import { joined } from '../core/words.ts'
import type { Words } from '../core/words.ts'

/** A spec that cannot become a Call, with the fields that could be read. */
export interface Refusal {
  readonly refused: Fault
}

/** What the batch knows about an item besides its value. */
export interface ItemContext {
  readonly index: number
  readonly key: string | undefined
  readonly params: Params | undefined
  /** Its lane, if it has been determined already. */
  readonly lane?: string | undefined
  readonly nowMs: number
}

const NO_BODY_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD'])
const OWN_FIELDS = ['url', 'key', 'meta']
const SPEC_FIELDS: ReadonlySet<string> = new Set([...OWN_FIELDS, ...OPTION_NAMES.filter(name => OPTIONS[name].perSpec)])

export function prepare(input: unknown, item: ItemContext, plan: RequestPlan): Call | Refusal {
  if (typeof input === 'string') return prepareBare({ url: input }, item, plan)
  if (input instanceof URL) return prepareSpec({ url: input.href }, item, plan)
  if (input instanceof Unusable) return invalidRequestOf(input.detail, input.problem)
  if (isRecord(input)) return prepareRecord(input as unknown as RequestSpec, item, plan)
  return invalidRequestOf('url', problem('url', 'a URL or a request with a url', got(input), REMEDY_URL))
}

function prepareRecord(spec: RequestSpec, item: ItemContext, plan: RequestPlan): Call | Refusal {
  const bare = bareOf(spec)
  if (bare !== undefined) return prepareBare(bare, item, plan)
  const read = isFetchRequest(spec) ? specOfRequest(spec) : spec
  return 'subject' in read ? invalidRequestOf('input', read) : prepareSpec(read, item, plan)
}

function prepareBare(bare: Bare, item: ItemContext, plan: RequestPlan): Call | Refusal {
  return fromTemplate(bare, item, plan) ?? prepareFirst(bare, item, plan)
}

function prepareFirst(bare: Bare, item: ItemContext, plan: RequestPlan): Call | Refusal {
  const call = prepareSpec(bare, item, plan)
  if (!('refused' in call) && item.params === undefined) keepTemplate(call, plan)
  return call
}

const REMEDY_URL = "Write 'https://…' or { url: 'https://…' }."

function prepareSpec(spec: RequestSpec, item: ItemContext, plan: RequestPlan): Call | Refusal {
  for (const name of Object.keys(spec)) if (!SPEC_FIELDS.has(name)) return refuseField(name)
  const { url: given } = spec
  if (typeof given !== 'string' && !(given instanceof URL)) {
    if (isThenable(spec))
      return invalidRequestOf('url', problem('url', 'a string or a URL', 'a promise', `Await it first. ${REMEDY_URL}`))
    return invalidRequestOf('url', problem('url', 'a string or a URL', got(given), REMEDY_URL))
  }
  const problems: Problem[] = []
  const wrong = (detail: string): Refusal => invalidRequest(detail, wordsOfAll(problems))

  const params = paramLists(spec, item, plan, problems)
  if (problems.length > 0) return wrong('params')
  const parsed = parseUrl(String(given), plan.baseUrl, params, plan.call.secretNames)
  if ('wrong' in parsed) return invalidRequest('url', joined('url: ', parsed.wrong, '.'))

  const own = bodyPlanOf(spec, problems)
  if (problems.length > 0) return wrong('body')
  const body = own ?? plan.body

  const method =
    spec.method === undefined ? (plan.method ?? (body === undefined ? 'GET' : 'POST')) : requestMethod(spec, problems)
  if (method === undefined) return wrong('method')
  if (body !== undefined && NO_BODY_METHODS.has(method)) {
    const remedy = 'Leave method out for POST, or use QUERY.'
    return invalidRequestOf('body', problem(method, 'no body', 'one', remedy))
  }

  const key = item.key ?? spec.key
  if (key !== undefined && typeof key !== 'string') {
    return invalidRequestOf('key', problem('key', 'a string', got(key), 'Turn it into one.'))
  }
  const { list: ownHeaders, authorized, brought } = headersFor(spec, item, plan, own, problems)
  if (problems.length > 0) return wrong('header')

  const call = callPlanFor(spec, plan, problems)
  if (problems.length > 0) return wrong('options')

  const idempotencyKey = idempotencyKeyFor(spec, plan, call.retry.methods.has(method), problems)
  if (problems.length > 0) return wrong('header')
  const headers =
    idempotencyKey === undefined ? ownHeaders : mergeHeaders(ownHeaders, ['idempotency-key', idempotencyKey])

  const credentials = credentialsFor(spec, parsed, authorized, plan, problems)
  if (problems.length > 0) return wrong('auth')
  const asked = { method, url: parsed.url, origin: parsed.origin, meta: spec.meta, body: body?.body }
  const lane = item.lane ?? laneKeyOf(asked, call)
  if (typeof lane !== 'string') return { refused: lane }
  const costs = costsOf(spec.cost, asked, plan)
  if (isFault(costs)) return { refused: costs }
  const trip = new Trip(call.maxRetries, item.nowMs, item.nowMs + call.timeouts.totalMs)
  if (body?.streams !== undefined && !claim(body.streams, trip)) return invalidRequestOf('body', USED)
  const isOfOptions = plan.credentials !== undefined && spec.auth === undefined
  const brings = ownOf(spec, brought, own, isOfOptions ? undefined : credentials)
  const identity = requestIdentity(brings, ownQuery(String(given), parsed, plan, params), call.secretNames)
  trip.identity = identity
  return {
    index: item.index,
    key,
    meta: spec.meta,
    method,
    url: parsed.url,
    origin: parsed.origin,
    lane,
    costs,
    path: parsed.path,
    headers,
    body: body?.body,
    credentials,
    own: brings,
    ...(typeof brings?.credentials === 'function' && { identify: value => withAuthorization(identity, value) }),
    atHome: true,
    replayable: body?.replayable ?? true,
    repeatable: call.retry.methods.has(method) || getHeader(headers, 'idempotency-key') !== undefined,
    plan: call,
    trip,
  }
}

function requestMethod({ method }: RequestSpec, problems: Problem[]): string | undefined {
  return readMethod(method, 'method', problems)?.toUpperCase()
}

/**
 * The params of the options, of the item and of the spec, in this order. Those of the options have been read already.
 */
function paramLists(spec: RequestSpec, item: ItemContext, plan: RequestPlan, problems: Problem[]): readonly Params[] {
  if (plan.params === undefined && item.params === undefined && spec.params === undefined) return NO_PARAMS
  const own = spec.params === undefined ? undefined : readPairs(spec.params, 'params', problems)
  return [plan.params, item.params, own].filter(params => params !== undefined)
}

const ACCEPTS: Readonly<Record<string, HeaderList>> = {
  json: ['accept', 'application/json, text/plain;q=0.9, */*;q=0.8'],
  ndjson: ['accept', 'application/x-ndjson, application/jsonl, application/json-seq, */*;q=0.8'],
  // As the standard says. Some servers stream only to who asks for nothing else.
  sse: ['accept', 'text/event-stream'],
}
const ACCEPT_ANY: HeaderList = ['accept', '*/*']
// The codings that transport/decompress.ts can decode. Node has zstd from 22.15 on, which is below our minimum.
const ACCEPT_ENCODING: HeaderList = ['accept-encoding', 'zstd, br, gzip, deflate']
// A download that is cut off can be resumed only without a coding: a part of a coded body is useless.
const ACCEPT_IDENTITY: HeaderList = ['accept-encoding', 'identity']
/** Complete lists by the values that they are made from, so that requests without own headers share one list. */
const headersByPlan = new WeakMap<RequestPlan, Map<string, HeaderList>>()

/**
 * All headers of a request, and whether its own `Authorization` is among them: it takes precedence over the options'
 * `auth`.
 */
function headersFor(
  spec: RequestSpec,
  item: ItemContext,
  plan: RequestPlan,
  own: BodyPlan | undefined,
  problems: Problem[],
): { list: HeaderList; authorized: boolean; brought: ReadHeaders } {
  const returnType = spec.returnType ?? plan.call.returnType
  const userAgent = plan.userAgents.length === 0 ? undefined : plan.userAgents[item.index % plan.userAgents.length]
  const body = own ?? plan.body
  // A boundary belongs to one body: no other request may share it, and no other header may hide it.
  const bounded: HeaderList = isMultipart(body?.body) ? ['content-type', body?.contentType ?? ''] : []
  const common = bounded.length > 0 ? undefined : body?.contentType
  const base = sharedHeaders(plan, returnType, userAgent, common)
  if (spec.headers === undefined) return { list: mergeHeaders(base, bounded), authorized: false, brought: NO_HEADERS }
  const brought = readHeaders(spec.headers, problems, plan.allowHostHeader)
  const { set, unset } = brought
  const kept = unset.length === 0 ? base : filterHeaders(base, name => !unset.includes(name))
  const list = mergeHeaders(mergeHeaders(kept, set), bounded)
  return { list, authorized: getHeader(set, 'authorization') !== undefined, brought }
}

function sharedHeaders(
  plan: RequestPlan,
  returnType: string,
  userAgent: string | undefined,
  contentType: string | undefined,
): HeaderList {
  let lists = headersByPlan.get(plan)
  if (lists === undefined) headersByPlan.set(plan, (lists = new Map<string, HeaderList>()))
  const look = returnType in ACCEPTS || returnType === 'file' ? returnType : ''
  const id = `${look}\n${contentType}\n${userAgent}`
  const known = lists.get(id)
  if (known !== undefined) return known
  const defaults: HeaderList = [
    ...(ACCEPTS[returnType] ?? ACCEPT_ANY),
    ...(returnType === 'file' ? ACCEPT_IDENTITY : ACCEPT_ENCODING),
    ...(userAgent === undefined ? [] : ['user-agent', userAgent]),
    ...(contentType === undefined ? [] : ['content-type', contentType]),
  ]
  const { unsetHeaders } = plan
  const wanted = unsetHeaders.length === 0 ? defaults : filterHeaders(defaults, name => !unsetHeaders.includes(name))
  const made = mergeHeaders(wanted, plan.headers)
  lists.set(id, made)
  return made
}

function idempotencyKeyFor(
  { idempotencyKey }: RequestSpec,
  plan: RequestPlan,
  idempotent: boolean,
  problems: Problem[],
): string | undefined {
  if (idempotencyKey === true) return crypto.randomUUID()
  if (idempotencyKey === undefined) return idempotent || !plan.idempotencyKey ? undefined : crypto.randomUUID()
  if (idempotencyKey === false) return undefined
  if (typeof idempotencyKey === 'string' && idempotencyKey !== '') {
    const wrong = headerProblem('idempotency-key', idempotencyKey)
    if (wrong !== undefined) problems.push(`idempotencyKey: ${wrong}.`)
    return idempotencyKey
  }
  const remedy = 'Use true for a new one.'
  problems.push(problem('idempotencyKey', 'a boolean or a string that is not empty', got(idempotencyKey), remedy))
  return undefined
}

/** The most specific wins: the spec's `auth`, its `Authorization`, the options' `auth`, userinfo in the URL. */
function credentialsFor(
  { auth }: RequestSpec,
  { username, password }: ParsedUrl,
  authorized: boolean,
  plan: RequestPlan,
  problems: Problem[],
): Credentials | undefined {
  if (auth !== undefined) {
    const read = readAuth(auth, 'auth', problems)
    return read && credentialsOf(read)
  }
  if (authorized) return undefined
  if (plan.credentials !== undefined) return plan.credentials
  return username === '' && password === '' ? undefined : basic(username, password)
}

function refuseField(name: string): Refusal {
  const remedy = OPTION_NAMES.includes(name as OptionName)
    ? 'It applies to all requests: give it in the options.'
    : adviceFor(name, [...SPEC_FIELDS])
  return invalidRequestOf('field', problem(name, 'a field of a request', 'an unknown one', remedy))
}

function invalidRequestOf(detail: string, wrong: Problem): Refusal {
  return invalidRequest(detail, wordsOf(wrong))
}

function invalidRequest(detail: string, message: Words): Refusal {
  return { refused: fault(`invalid_request/${detail}`, message) }
}

/** A description of an item that never became a Call. */
export function labelOf(input: unknown, { index, key }: Pick<ItemContext, 'index' | 'key'>, plan: RequestPlan): Label {
  const spec: Partial<Record<string, unknown>> = isRecord(input) && !(input instanceof URL) ? input : { url: input }
  const { url, method, meta } = spec
  return {
    index,
    key: key ?? (typeof spec.key === 'string' ? spec.key : undefined),
    method: typeof method === 'string' && isMethod(method) ? method.toUpperCase() : defaultMethod(spec, plan),
    url: typeof url === 'string' || url instanceof URL ? String(url) : '',
    meta,
  }
}

const defaultMethod = (spec: object, plan: RequestPlan): string =>
  plan.method ?? (plan.body !== undefined || hasBody(spec) ? 'POST' : 'GET')

const NO_FIELDS = {}

/** The method of a request that is only a URL. */
export const methodOfUrl = (plan: RequestPlan): string => defaultMethod(NO_FIELDS, plan)
