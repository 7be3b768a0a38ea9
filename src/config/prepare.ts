/**
 * Spec → Call: merged with the batch's options, parsed, checked. What is wrong with one spec is found here, costs no
 * other request anything, and ends as `invalid_request/<field>`.
 */
import { basic, credentialsOf } from '../core/call.ts'
import type { Call, Credentials } from '../core/call.ts'
import { mergeHeaders } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import type { Params, RequestSpec } from '../core/spec.ts'
import { Trip } from '../core/trip.ts'
import { parseUrl } from '../core/url.ts'
import { bodyOf } from './body.ts'
import { readHeaders } from './header-input.ts'
import { got, isRecord } from './kinds.ts'
import { adviceFor } from './names.ts'
import { OPTIONS, OPTION_NAMES } from './options.ts'
import type { OptionName, OptionRow, Values } from './options.ts'
import { planCall } from './plan.ts'
import type { RequestPlan } from './plan.ts'

/** A spec that cannot become a Call, with as much of it as could be read. */
export interface Refusal {
  readonly refused: Fault
  readonly spec: { index: number; key: string | undefined; method: string; url: string; meta: unknown }
}

/** What the batch knows of one of its items besides the item. */
export interface Item {
  readonly index: number
  readonly key: string | undefined
  readonly params: Params | undefined
  readonly nowMs: number
}

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Z]+$/
const NO_BODY_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD'])
const OWN_FIELDS = ['url', 'key', 'meta']
const SPEC_FIELDS: ReadonlySet<string> = new Set([...OWN_FIELDS, ...OPTION_NAMES.filter(name => OPTIONS[name].perSpec)])
/** Fields that replace a part of the shared CallPlan; a spec without one shares it. */
const PLAN_FIELDS = [
  'returnType',
  'schema',
  'parseFunc',
  'acceptStatus',
  'timeout',
  'timeouts',
  'maxRetries',
  'retry',
  'followRedirects',
  'maxRedirects',
  'maxResponseBytes',
] as const satisfies readonly OptionName[]

export function prepare(input: unknown, item: Item, plan: RequestPlan): Call | Refusal {
  if (typeof input === 'string') return prepareSpec({ url: input }, item, plan)
  if (input instanceof URL) return prepareSpec({ url: input.href }, item, plan)
  if (isRecord(input)) return prepareSpec(input as unknown as RequestSpec, item, plan)
  return refuse({ url: '' }, item, 'url', `expected a URL or a request with a url, got ${got(input)}.`)
}

function prepareSpec(spec: RequestSpec, item: Item, plan: RequestPlan): Call | Refusal {
  for (const name of Object.keys(spec)) if (!SPEC_FIELDS.has(name)) return refuseField(spec, item, name)
  const { url: given } = spec
  if (typeof given !== 'string' && !(given instanceof URL)) {
    return refuse(spec, item, 'url', `url: expected a string or a URL, got ${got(given)}.`)
  }
  const parsed = parseUrl(String(given), plan.baseUrl, paramsOf(spec, item, plan))
  if (typeof parsed === 'string') return refuse(spec, item, 'url', `url: ${parsed}.`)

  const problems: string[] = []
  const body = bodyOf(spec, problems, 'request') ?? (problems.length === 0 ? plan.body : undefined)
  if (problems.length > 0) return refuse(spec, item, 'body', problems.join(' '))

  const method = (spec.method ?? plan.method ?? (body === undefined ? 'GET' : 'POST')).toUpperCase?.()
  if (typeof method !== 'string' || !METHOD.test(method) || method === 'CONNECT') {
    return refuse(
      spec,
      item,
      'method',
      `method: expected a method of HTTP other than CONNECT, got ${got(spec.method)}.`,
    )
  }
  if (body !== undefined && NO_BODY_METHODS.has(method)) {
    return refuse(spec, item, 'body', `${method}: expected no body, got one. Leave method out for POST, or use QUERY.`)
  }

  const headers = headersFor(spec, item, plan, body?.contentType, problems)
  if (problems.length > 0) return refuse(spec, item, 'header', problems.join(' '))

  const call = callPlanFor(spec, plan, problems)
  if (problems.length > 0) return refuse(spec, item, 'options', problems.join(' '))

  const idempotencyKey = idempotencyKeyFor(spec, plan, call.retry.methods.has(method))
  return {
    index: item.index,
    key: item.key ?? spec.key,
    meta: spec.meta,
    method,
    url: parsed.url,
    origin: parsed.origin,
    path: parsed.path,
    headers: idempotencyKey === undefined ? headers : mergeHeaders(headers, ['idempotency-key', idempotencyKey]),
    body: body?.body,
    credentials: credentialsFor(spec, parsed.username, parsed.password, plan),
    atHome: true,
    replayable: body?.replayable ?? true,
    repeatable: call.retry.methods.has(method) || idempotencyKey !== undefined || headers.includes('idempotency-key'),
    plan: call,
    trip: new Trip(call.maxRetries, item.nowMs, item.nowMs + call.timeouts.totalMs),
  }
}

const NO_PARAMS: readonly Params[] = []

function paramsOf(spec: RequestSpec, item: Item, plan: RequestPlan): readonly Params[] {
  if (plan.params === undefined && item.params === undefined && spec.params === undefined) return NO_PARAMS
  return [plan.params, item.params, spec.params].filter(params => params !== undefined)
}

const ACCEPT_JSON: HeaderList = ['accept', 'application/json, text/plain;q=0.9, */*;q=0.8']
const ACCEPT_ANY: HeaderList = ['accept', '*/*']
// What decode.ts can undo. Node has zstd from 22.15 on, which is below our floor.
const ACCEPT_ENCODING: HeaderList = ['accept-encoding', 'zstd, br, gzip, deflate']
/** Complete lists by what they were made from, so that requests without headers of their own share one. */
const shared = new WeakMap<RequestPlan, Map<string, HeaderList>>()

function headersFor(
  spec: RequestSpec,
  item: Item,
  plan: RequestPlan,
  contentType: string | undefined,
  problems: string[],
): HeaderList {
  const returnType = spec.returnType ?? plan.call.returnType
  const userAgent = plan.userAgents.length === 0 ? undefined : plan.userAgents[item.index % plan.userAgents.length]
  const ownContentType =
    spec.json !== undefined || spec.form !== undefined || spec.body !== undefined ? contentType : undefined
  const base = sharedHeaders(plan, returnType, userAgent, ownContentType)
  if (spec.headers === undefined) return base
  if (typeof spec.headers !== 'object' || spec.headers === null) {
    problems.push(`headers: expected an object, got ${got(spec.headers)}.`)
    return base
  }
  const { set, unset } = readHeaders(spec.headers, problems, 'headers')
  const kept = unset.length === 0 ? base : without(base, unset)
  return mergeHeaders(kept, set)
}

function without(list: HeaderList, names: readonly string[]): HeaderList {
  const kept: string[] = []
  for (let i = 0; i < list.length; i += 2) {
    if (!names.includes(list[i] as string)) kept.push(list[i] as string, list[i + 1] as string)
  }
  return kept
}

function sharedHeaders(
  plan: RequestPlan,
  returnType: string,
  userAgent: string | undefined,
  ownContentType: string | undefined,
): HeaderList {
  let lists = shared.get(plan)
  if (lists === undefined) shared.set(plan, (lists = new Map<string, HeaderList>()))
  const id = `${returnType === 'json'}\n${ownContentType}\n${userAgent}`
  const known = lists.get(id)
  if (known !== undefined) return known
  const contentType = ownContentType ?? plan.body?.contentType
  const defaults: HeaderList = [
    ...(returnType === 'json' ? ACCEPT_JSON : ACCEPT_ANY),
    ...ACCEPT_ENCODING,
    ...(userAgent === undefined ? [] : ['user-agent', userAgent]),
    ...(contentType === undefined ? [] : ['content-type', contentType]),
  ]
  const made = mergeHeaders(defaults, plan.headers)
  lists.set(id, made)
  return made
}

function callPlanFor(spec: RequestSpec, plan: RequestPlan, problems: string[]) {
  const values: Record<string, unknown> = {}
  let overrides = false
  for (const name of PLAN_FIELDS) {
    const given = spec[name]
    if (given === undefined) continue
    overrides = true
    values[name] = (OPTIONS[name] as OptionRow<unknown>).read(given, name, problems)
  }
  if (!overrides || problems.length > 0) return plan.call
  return planCall(values as Values, plan.call)
}

function idempotencyKeyFor(spec: RequestSpec, plan: RequestPlan, idempotent: boolean): string | undefined {
  const { idempotencyKey } = spec
  if (typeof idempotencyKey === 'string') return idempotencyKey
  if (idempotencyKey === true) return crypto.randomUUID()
  if (idempotencyKey === false || idempotent || !plan.idempotencyKey) return undefined
  return crypto.randomUUID()
}

function credentialsFor(
  spec: RequestSpec,
  username: string,
  password: string,
  plan: RequestPlan,
): Credentials | undefined {
  if (spec.auth !== undefined) return credentialsOf(spec.auth)
  if (plan.credentials !== undefined) return plan.credentials
  return username === '' && password === '' ? undefined : basic(username, password)
}

function refuseField(spec: RequestSpec, item: Item, name: string): Refusal {
  const advice = OPTION_NAMES.includes(name as OptionName)
    ? 'It holds for all requests: give it in the options.'
    : adviceFor(name, [...SPEC_FIELDS])
  return refuse(
    spec,
    item,
    'field',
    `${name}: expected a field of a request, got an unknown one.${advice && ` ${advice}`}`,
  )
}

function refuse(spec: Partial<RequestSpec>, item: Item, detail: string, message: string): Refusal {
  return {
    refused: fault(`invalid_request/${detail}`, message),
    spec: {
      index: item.index,
      key: item.key ?? (typeof spec.key === 'string' ? spec.key : undefined),
      method: typeof spec.method === 'string' ? spec.method.toUpperCase() : 'GET',
      url: typeof spec.url === 'string' || spec.url instanceof URL ? String(spec.url) : '',
      meta: spec.meta,
    },
  }
}
