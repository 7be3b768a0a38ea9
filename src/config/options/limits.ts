/** The options of limits: attempts in flight and starts per interval, over all hosts, per host, and by weight. */
import type { HostPlan, NamedHostPlan } from '../client-plan.ts'
import type { BreakerPlan } from '../../core/breaker-plan.ts'
import { funcOf } from '../functions.ts'
import { bool, count, duration, fields, got, isPlain, matching, problem, withFields } from '../kinds.ts'
import type { Read } from '../kinds.ts'
import { hostProblems, readBudgets, readCost, readHosts, readPerHost } from '../limit-input.ts'
import type { ReadHostLimits } from '../limit-input.ts'
import { literalOf } from '../literal.ts'
import { option, part } from '../option.ts'
import { rates } from '../rate-input.ts'
import { isSharedLimits } from '../shapes.ts'
import type { ReadRate } from '../rate-input.ts'
import type { Values } from '../table.ts'
import type { CallPlan, Costs } from '../../core/call.ts'
import { defaultBurst } from '../../core/rate.ts'
import type { Rate } from '../../core/rate.ts'
import type { CostInput, CostRequest } from '../../core/spec.ts'
import type { Problem } from '../../core/problem.ts'
import type { Words } from '../../core/words.ts'

const readCount = count(1)

const readConcurrency: Read<number | 'auto'> = (value, name, problems) => {
  if (value === 'auto') return value
  if (typeof value !== 'string' || Number.isFinite(Number(value))) return readCount(value, name, problems)
  problems.push(problem(name, "an integer ≥ 1 or 'auto'", got(value), ['Use ', { value: Infinity }, ' for no limit.']))
  return undefined
}

const readBreakerFields = fields({
  failures: count(1, ['Use ', { option: 'breaker', value: false }, ' for none.'], false),
  window: duration({ shortest: 100 }),
  cooldown: duration({ shortest: 100 }),
})

type BreakerFields = NonNullable<ReturnType<typeof readBreakerFields>>

const readBreaker = withFields<boolean | BreakerFields>(readBreakerFields.fields, (value, name, problems) => {
  if (typeof value === 'boolean') return value
  if (isPlain(value)) return readBreakerFields(value, name, problems)
  const expected = 'true, false or an object with failures, window, cooldown'
  problems.push(problem(name, expected, got(value), 'Write true for the defaults.'))
  return undefined
})

/** The defaults of the fields, which `breaker: true` uses as well. */
const BREAKER = { failures: 5, window: '30s', cooldown: '10s' }
const BREAKER_DEFAULT = readBreakerFields(BREAKER, 'breaker', []) as {
  failures: number
  window: number
  cooldown: number
}

export const LIMIT_OPTIONS = {
  concurrency: option({
    scope: 'client',
    plan: 'part',
    read: readConcurrency,
    default: 20,
    crosses: 'plain',
    unit: 'attempts',
    doc: "Attempts in flight at once; `'auto'` finds the best number for each host.",
  }),
  maxConcurrency: option({
    scope: 'client',
    plan: 'part',
    read: count(1),
    default: 100,
    crosses: 'plain',
    unit: 'attempts',
    doc: "The maximum number of attempts in flight with `concurrency: 'auto'`.",
  }),
  rateLimit: option({
    scope: 'client',
    plan: 'part',
    read: rates,
    crosses: 'plain',
    unit: 'starts per interval; a number is per second',
    doc: "Starts per interval, retries and redirect hops included: `10`, `'100/m'`, `{ limit, interval, burst }`, or an array of rates that all apply.",
  }),
  rateLimitBurst: option({
    scope: 'client',
    plan: 'part',
    read: count(1, ['At most the limit of ', { option: 'rateLimit' }, '.'], false),
    defaultText: '1 for intervals up to a second, else the limit',
    crosses: 'plain',
    unit: 'starts',
    doc: 'The maximum number of starts of `rateLimit` at once.',
  }),
  perHost: option({
    scope: 'client',
    plan: 'part',
    read: readPerHost,
    crosses: 'plain',
    doc: 'Limits of each host (or each `limitKey`): `concurrency`, `rateLimit`.',
    fieldDocs: {
      concurrency: 'Attempts in flight at once to each host.',
      rateLimit: 'Starts per interval to each host.',
    },
  }),
  hosts: option({
    scope: 'client',
    plan: 'part',
    read: readHosts,
    crosses: 'plain',
    doc: "Limits of certain hosts, which replace `perHost` for them: `{ 'api.x.com': { rateLimit: '5/s' }, '*.y.com': { concurrency: 2 } }`.",
  }),
  sharedLimits: option({
    scope: 'client',
    read: matching(
      'rates shared through Redis',
      isSharedLimits,
      "Give redisLimits('redis://…') of 'parallel-requests/distributed'.",
    ),
    defaultText: 'none',
    // The other thread is never given one (`inSync`), and what is made from it is.
    crosses: 'plain',
    inSync: () => ({ expected: 'none', remedy: 'Use parallelRequests, which has a connection to Redis.' }),
    doc: "Share `rateLimit` and the rates of `perHost` and `hosts` with other processes: `redisLimits('redis://…')` of `parallel-requests/distributed`.",
  }),
  limitKey: option({
    scope: 'client',
    read: funcOf<NonNullable<CallPlan['limitKey']>>(),
    defaultText: 'its origin',
    plan: 'call',
    crosses: 'ask',
    differs: () => true,
    doc: 'Returns the key by which a request is limited (an account, a tenant), or undefined to limit it by its origin.',
  }),
  budgets: option({
    scope: 'client',
    plan: 'part',
    read: readBudgets,
    crosses: 'plain',
    unit: 'units of `cost` per interval',
    doc: "Weighted limits by name, from which each attempt takes its `cost`: `{ tokens: '90000/m' }`.",
  }),
  cost: option({
    scope: 'any',
    perSpec: true,
    read: readCost as Read<Costs | ((request: CostRequest) => CostInput)>,
    default: 1,
    defaultText: '`1` of each',
    plan: 'request',
    differs: cost => typeof cost === 'function',
    // Called when a request is prepared, on the calling thread.
    crosses: 'drop',
    unit: 'units of the budget',
    doc: 'What each attempt takes from `budgets`, or from `rateLimit` if there are none: a number, `{ tokens: 1200 }`, or a function of the request.',
  }),
  respectServerLimits: option({
    scope: 'client',
    read: bool,
    default: true,
    crosses: 'plain',
    doc: 'Obey RateLimit headers: when the quota of a host is used up, pause the host before it responds with 429.',
  }),
  breaker: option({
    scope: 'client',
    plan: 'part',
    read: readBreaker,
    default: false,
    defaultText: `\`false\`; \`true\` is \`${literalOf(BREAKER)}\``,
    crosses: 'plain',
    doc: 'Stop sending to a host that keeps failing: `failures` within `window`. After `cooldown`, one request tries again.',
    fieldDocs: {
      failures: 'Failures within `window` after which a host gets no more requests.',
      window: 'The time within which `failures` are counted.',
      cooldown: 'The time after which one request tries the host again.',
    },
  }),
}

export function checkLimits(values: Values, problems: Problem[]): void {
  const { rateLimit, rateLimitBurst, hosts, limitKey, maxConcurrency, concurrency } = values
  if (values.sharedLimits !== undefined && !hasRate(values)) {
    const expected: Words = [{ option: 'rateLimit' }, ' or ', { option: 'hosts' }, ' with a rate beside it']
    problems.push(problem('sharedLimits', expected, 'none', 'These are the rates that it shares.'))
  }
  if (rateLimitBurst !== undefined) {
    if (rateLimit === undefined) {
      const remedy: Words = ['Set ', { option: 'rateLimit' }, ", for example '10/s'."]
      problems.push(problem('rateLimitBurst', [{ option: 'rateLimit' }, ' beside it'], 'none', remedy))
    }
    for (const { limit, burst } of rateLimit ?? []) {
      if (burst !== undefined || rateLimitBurst <= limit) continue
      const range = `an integer from 1 to the limit (${limit})`
      problems.push(problem('rateLimitBurst', range, String(rateLimitBurst), 'Leave it out for the default.'))
    }
  }
  if (hosts !== undefined && limitKey === undefined) problems.push(...hostProblems(hosts))
  if (maxConcurrency !== undefined && concurrency !== 'auto') {
    const remedy: Words = ['For a fixed number set ', { option: 'concurrency' }, ' alone.']
    const expected: Words = [{ option: 'concurrency', value: 'auto' }, ' beside it']
    problems.push(problem('maxConcurrency', expected, 'none', remedy))
  }
}

const hasRate = ({ rateLimit, perHost, hosts }: Values): boolean =>
  [{ rateLimit }, perHost, ...Object.values(hosts ?? {})].some(limits => limits?.rateLimit !== undefined)

const NO_LIMITS: HostPlan = { concurrency: Infinity, rates: [] }

export const CLIENT_LIMITS = {
  concurrency: part(['concurrency', 'maxConcurrency'], ({ concurrency, maxConcurrency }: Values): number =>
    concurrency === 'auto'
      ? (maxConcurrency ?? LIMIT_OPTIONS.maxConcurrency.default)
      : (concurrency ?? (LIMIT_OPTIONS.concurrency.default as number)),
  ),
  auto: part(['concurrency'], ({ concurrency }: Values): boolean => concurrency === 'auto'),
  rates: part(['rateLimit', 'rateLimitBurst', 'sharedLimits'], plannedRates),
  perHost: part(['perHost', 'sharedLimits'], ({ perHost, sharedLimits }: Values) =>
    planHost(perHost, NO_LIMITS, burstFor(sharedLimits)),
  ),
  hosts: part(
    ['hosts', 'perHost', 'sharedLimits'],
    ({ hosts, perHost, sharedLimits }: Values): Readonly<Record<string, NamedHostPlan>> => {
      const burst = burstFor(sharedLimits)
      const others = planHost(perHost, NO_LIMITS, burst)
      return mapValues(hosts, limits => ({ ...planHost(limits, others, burst), names: limits.names ?? [] }))
    },
  ),
  // A budget is a quota: a request may take all of it at once.
  budgets: part(['budgets'], ({ budgets }: Values): Readonly<Record<string, readonly Rate[]>> =>
    mapValues(budgets, several => several.map(rate => ({ ...rate, burst: rate.burst ?? rate.limit }))),
  ),
  breaker: part(['breaker'], ({ breaker }: Values) => planBreaker(breaker)),
}

/** The fields of a call plan that follow from the limits of the client. */
export const CALL_LIMITS = {
  hostPatterns: part(['hosts'], ({ hosts }: Values): readonly string[] => Object.keys(hosts ?? {})),
  weighted: part(['budgets', 'rateLimit', 'rateLimitBurst', 'sharedLimits'], planWeighted),
}

function planWeighted(values: Values): Readonly<Record<string, number>> {
  const { budgets, rateLimit } = values
  const names = Object.entries(mapValues(budgets, several => several.map(({ burst, limit }) => burst ?? limit)))
  const starts: [string, number[]] = ['rateLimit', plannedRates(values).map(({ burst }) => burst)]
  const weighted = names.length > 0 || rateLimit === undefined ? names : [starts]
  return Object.fromEntries(weighted.map(([name, bursts]) => [name, Math.min(...bursts)]))
}

function plannedRates({ rateLimit, rateLimitBurst, sharedLimits }: Values): readonly Rate[] {
  return planRates(rateLimit, rateLimitBurst ?? burstFor(sharedLimits))
}

/** Shared rates have no window that holds a burst within its interval, so they are always spread evenly. */
const burstFor = (sharedLimits: Values['sharedLimits']): number | undefined =>
  sharedLimits === undefined ? undefined : 1

function planHost(limits: ReadHostLimits | undefined, base: HostPlan, burst: number | undefined): HostPlan {
  return {
    concurrency: limits?.concurrency ?? base.concurrency,
    rates: limits?.rateLimit === undefined ? base.rates : planRates(limits.rateLimit, burst),
  }
}

function planRates(given: readonly ReadRate[] = [], burst: number | undefined): readonly Rate[] {
  return given.map(rate => ({
    limit: rate.limit,
    intervalMs: rate.intervalMs,
    burst: rate.burst ?? burst ?? defaultBurst(rate.limit, rate.intervalMs),
  }))
}

function planBreaker(breaker: Values['breaker']): BreakerPlan | undefined {
  if (breaker === undefined || breaker === false) return undefined
  const given = breaker === true ? {} : breaker
  const { failures, window, cooldown } = { ...BREAKER_DEFAULT, ...given }
  return { failures, windowMs: window, cooldownMs: cooldown }
}

function mapValues<T, U>(record: Readonly<Record<string, T>> | undefined, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record ?? {}).map(([name, value]) => [name, map(value)]))
}
