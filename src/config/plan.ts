/**
 * Options that have been read → the plans of a batch: merged by the rule of each option, with every default filled in,
 * and no field optional. A plan has a field for each of its options and one for each part of `PARTS`.
 */
import { merge } from './merge.ts'
import type { AnyOption, Plan, PlanPart } from './option.ts'
import { bodyIn, checkMethod, withoutBodyOf } from './options/bodies.ts'
import { checkSaving } from './options/files.ts'
import { refuseHost } from './header-input.ts'
import { problem } from './kinds.ts'
import { noItems, noReceiver } from './options/items.ts'
import { checkPoll } from './options/poll.ts'
import { notResumable } from './options/run-file.ts'
import { OPTIONS, OPTION_NAMES, PARTS } from './table.ts'
import type { OptionName, Values } from './table.ts'
import type { BodyPlan } from './body.ts'
import type { CallPlan, Costs, Credentials } from '../core/call.ts'
import { ConfigError } from '../core/error.ts'
import type { HeaderList } from '../core/headers.ts'
import type { FailureMode } from '../core/options.ts'
import type { Progress } from '../core/progress.ts'
import type { Sink } from '../core/sink.ts'
import type { CostInput, CostRequest, Params } from '../core/spec.ts'
import type { MeantFailures } from '../core/failure-codes.ts'
import type { Problem } from '../core/problem.ts'

/** The part of the options that every request of a batch starts from. */
export interface RequestPlan {
  readonly headers: HeaderList
  /** Names whose value is undefined: our own default header of that name is left out. */
  readonly unsetHeaders: readonly string[]
  readonly params: Params | undefined
  readonly method: string | undefined
  readonly body: BodyPlan | undefined
  readonly credentials: Credentials | undefined
  readonly baseUrl: string | undefined
  /** Rotated over the requests; empty if a `User-Agent` header is set. */
  readonly userAgents: readonly string[]
  readonly idempotencyKey: boolean
  readonly allowHostHeader: boolean
  /** The cost of a request that does not set its own. */
  readonly cost: Costs | ((request: CostRequest) => CostInput)
  /** False with a transport passed by the caller: it chooses its own route. */
  readonly takesProxy: boolean
  /** Whether requests that set only a URL are alike in everything else: then one is the template of the next. */
  readonly isAlike: boolean
  /** The options that `call` was made from. */
  readonly values: Values
  readonly call: CallPlan
}

/** How a run is recorded and resumed. */
export interface ResumePlan {
  readonly path: string
  readonly retryFailed: MeantFailures
  readonly unknownWrites: 'fail' | 'resend'
  readonly responseHeaders: readonly string[]
  readonly durability: 'process' | 'power'
}

export interface BatchPlan {
  readonly keys: readonly string[] | undefined
  readonly onFailure: FailureMode
  readonly flatten: boolean
  readonly maxFailures: number
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: Progress) => void) | undefined
  /** Whether the progress is shown on standard error. */
  readonly progress: boolean
  readonly order: 'completed' | 'input'
  readonly window: number
  readonly resume: ResumePlan | undefined
  readonly sink: Sink | undefined
  readonly paramsPerUrl: readonly Params[] | undefined
  /** Why the body of the options can serve only one request; undefined if it can serve any number. */
  readonly soleBody: Problem | undefined
  readonly request: RequestPlan
}

const optionEntry = (name: string): AnyOption => OPTIONS[name as OptionName]

type AnyParts = Readonly<Record<string, PlanPart<Values, unknown>>>
export type PlanName = keyof typeof PARTS

const planParts = (plan: PlanName): AnyParts => PARTS[plan]

/** The options whose values are fields of the plan. */
const namesOf = (plan: Plan): readonly OptionName[] => OPTION_NAMES.filter(name => optionEntry(name).plan === plan)

const valueOrDefault = (values: Values, name: OptionName): unknown => values[name] ?? optionEntry(name).default

/** All fields of a plan: the values of its options, each with its default, and its parts. */
export function planFields(plan: PlanName, values: Values): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const name of namesOf(plan)) fields[name] = valueOrDefault(values, name)
  for (const [name, each] of Object.entries(planParts(plan))) fields[name] = each.make(values)
  // Copied: V8 keeps an object that was filled by computed names as a hash table, and every request reads from this one.
  return { ...fields }
}

/** The options that a field of a plan is made from; empty if it is made from none. */
export function optionsBehind(plan: PlanName, field: string): readonly AnyOption[] {
  const part = planParts(plan)[field]
  if (part !== undefined) return part.of.map(optionEntry)
  return Object.hasOwn(OPTIONS, field) && optionEntry(field).plan === plan ? [optionEntry(field)] : []
}

/** The plan of a call. The types of core define its fields; the entries of the table define how they are made. */
const callPlan = (values: Values): CallPlan => planFields('call', values) as unknown as CallPlan

export const DEFAULT_CALL: CallPlan = callPlan({})

/** Options of the table that a request may override, and that change its call plan. */
export const SPEC_OPTIONS: readonly OptionName[] = OPTION_NAMES.filter(
  name => optionEntry(name).perSpec && (optionEntry(name).plan === 'call' || partsFrom('call', name).length > 0),
)

/** The parts of a plan that depend on the option. */
function partsFrom(plan: PlanName, name: OptionName): string[] {
  return Object.entries(planParts(plan)).flatMap(([part, { of }]) => (of.includes(name) ? [part] : []))
}

/** How an option of a request changes a call plan. */
type Change = (plan: Record<string, unknown>, values: Values) => void

const CHANGES: Readonly<Record<string, readonly Change[]>> = Object.fromEntries(
  SPEC_OPTIONS.map(name => [name, [...fieldChanges(name), ...partChanges(name)]]),
)

function fieldChanges(name: OptionName): readonly Change[] {
  return optionEntry(name).plan === 'call' ? [(plan, values) => (plan[name] = valueOrDefault(values, name))] : []
}

function partChanges(name: OptionName): readonly Change[] {
  return partsFrom('call', name).map(part => {
    const made = planParts('call')[part] as PlanPart<Values, unknown>
    return (plan, values) => (plan[part] = made.make(values, plan[part]))
  })
}

/** The plan of a request that overrides some of the options: the shared plan, with the fields that they change. */
export function planSpec(given: Values, { values: shared, call }: RequestPlan): CallPlan {
  const values = merge(shared, given)
  const plan: Record<string, unknown> = { ...call }
  for (const name in given) for (const change of CHANGES[name] ?? []) change(plan, values)
  const own = plan as unknown as CallPlan
  if (own.follow !== undefined) valuesOfOwn.set(own, values)
  return own
}

const valuesOfOwn = new WeakMap<CallPlan, Values>()
const plansOfOwn = new WeakMap<CallPlan, RequestPlan>()

/**
 * The plan of a request that follows one with this plan. What that one has of its own holds for its pages, too; a checksum
 * is of one body.
 */
export function planAfter(call: CallPlan, shared: RequestPlan): RequestPlan {
  if (call === shared.call) return shared
  const known = plansOfOwn.get(call)
  if (known !== undefined) return known
  const { checksum: _own, ...values } = valuesOfOwn.get(call) ?? shared.values
  const { checksum } = shared.call.saving
  const plan: RequestPlan = {
    ...shared,
    values: checksum === undefined ? values : { ...values, checksum },
    call: call.saving.checksum === checksum ? call : { ...call, saving: { ...call.saving, checksum } },
  }
  plansOfOwn.set(call, plan)
  return plan
}

/** The options of a call over those of its client. */
export function planBatch(client: Values, given: Values, concurrency: number): BatchPlan {
  const perUrl = Array.isArray(given.params) ? (given.params as readonly Params[]) : undefined
  const { params: _params, ...rest } = given
  const values = merge(withoutBodyOf(given, client), perUrl === undefined ? given : rest)
  checkMerged(values, given)
  const body = bodyIn(values)
  return {
    ...planFields('batch', values),
    window: values.window ?? Math.max(4 * (Number.isFinite(concurrency) ? concurrency : 64), 256),
    paramsPerUrl: perUrl,
    soleBody: soleBody(values.json, body),
    request: {
      ...planFields('request', values),
      takesProxy: client.transport === undefined,
      isAlike: !OPTION_NAMES.some(name => differsIn(name, values)),
      values,
      call: callPlan(values),
    },
  } as unknown as BatchPlan
}

/** Checks that need the options of a call together with those of its client. */
function checkMerged(values: Values, given: Values): void {
  const problems: Problem[] = []
  if (bodyIn(values) !== undefined) checkMethod(values.method, problems)
  if (values.allowHostHeader !== true && given.headers !== undefined) refuseHost(given.headers, problems)
  const returnType = values.returnType ?? OPTIONS.returnType.default
  const found = [
    noReceiver(values.returnType, values),
    noItems(returnType, values),
    values.resume && notResumable(values.returnType),
  ]
  problems.push(...found.filter(each => each !== undefined))
  checkPoll(values, problems)
  checkSaving(returnType, values, problems)
  if (problems.length > 0) throw new ConfigError(problems)
}

/**
 * Whether requests that do not set the option differ by it. Options that shape a request do, unless their entry says
 * otherwise.
 */
function differsIn(name: OptionName, values: Values): boolean {
  const value = values[name]
  if (value === undefined) return false
  const entry = optionEntry(name)
  if (entry.differs !== undefined) return entry.differs(value)
  return entry.plan === 'request' || partsFrom('request', name).length > 0
}

function soleBody(json: BodyPlan | undefined, body: BodyPlan | undefined): Problem | undefined {
  if (Array.isArray(json?.given)) {
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
    'Give a function that opens a new one each time: () => createReadStream(path).',
  )
}
