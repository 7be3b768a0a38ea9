/** How much goes out at once and how fast: over all hosts, per host, by name, by what each request costs. */
import { bool, count, duration, fields, func, got, isPlain, problem } from '../kinds.ts'
import type { Read } from '../kinds.ts'
import { hostProblems, readBudgets, readCost, readHosts, readPerHost } from '../limit-input.ts'
import { literalOf } from '../literal.ts'
import { option } from '../option.ts'
import { rates } from '../rate-input.ts'
import type { Values } from '../table.ts'

const readCount = count(1)

const readConcurrency: Read<number | 'auto'> = (value, name, problems) => {
  if (value === 'auto') return value
  if (typeof value !== 'string' || Number.isFinite(Number(value))) return readCount(value, name, problems)
  problems.push(problem(name, "an integer ≥ 1 or 'auto'", got(value), 'Use Infinity for no limit.'))
  return undefined
}

const readBreakerFields = fields({
  failures: count(1, 'Use breaker: false for none.', false),
  window: duration({ shortest: 100 }),
  cooldown: duration({ shortest: 100 }),
})

const readBreaker: Read<boolean | NonNullable<ReturnType<typeof readBreakerFields>>> = (value, name, problems) => {
  if (typeof value === 'boolean') return value
  if (isPlain(value)) return readBreakerFields(value, name, problems)
  const expected = 'true, false or an object with failures, window, cooldown'
  problems.push(problem(name, expected, got(value), 'Write true for the defaults.'))
  return undefined
}

/** What `breaker: true` stands for, and what each field is where only others are given. */
export const BREAKER = { failures: 5, window: '30s', cooldown: '10s' }

export const LIMIT_OPTIONS = {
  concurrency: option({
    scope: 'client',
    read: readConcurrency,
    default: 20,
    crosses: 'plain',
    unit: 'attempts',
    doc: "Attempts on the wire at once; `'auto'` finds the best number for each host.",
  }),
  maxConcurrency: option({
    scope: 'client',
    read: count(1),
    default: 100,
    crosses: 'plain',
    unit: 'attempts',
    doc: "Attempts on the wire at once with `concurrency: 'auto'`.",
  }),
  rateLimit: option({
    scope: 'client',
    read: rates,
    crosses: 'plain',
    unit: 'starts per interval; a number is per second',
    doc: "Starts per interval, retries and redirect hops included: `10`, `'100/m'`, `{ limit, interval, burst }`, or an array that holds all at once.",
  }),
  rateLimitBurst: option({
    scope: 'client',
    read: count(1, 'At most the limit of rateLimit.', false),
    defaultText: '1 for intervals up to a second, else the limit',
    crosses: 'plain',
    unit: 'starts',
    doc: 'How many starts may be bunched inside the interval.',
  }),
  perHost: option({
    scope: 'client',
    read: readPerHost,
    crosses: 'plain',
    doc: 'Limits of each host for itself, or of each `limitKey`: `concurrency`, `rateLimit`.',
  }),
  hosts: option({
    scope: 'client',
    read: readHosts,
    crosses: 'plain',
    doc: "The same for certain hosts, in the place of `perHost`: `{ 'api.x.com': { rateLimit: '5/s' }, '*.y.com': { concurrency: 2 } }`.",
  }),
  limitKey: option({
    scope: 'client',
    read: func,
    defaultText: 'its origin',
    crosses: 'ask',
    doc: 'Whose limits a request is under: your name for it (an account, a tenant), or undefined for its origin.',
  }),
  budgets: option({
    scope: 'client',
    read: readBudgets,
    crosses: 'plain',
    unit: 'what cost counts, per interval',
    doc: "Weighted limits by name, of which each attempt takes its `cost`: `{ tokens: '90000/m' }`.",
  }),
  cost: option({
    scope: 'any',
    perSpec: true,
    read: readCost,
    default: 1,
    defaultText: '`1` of each',
    // Asked while the request is made ready, which is on the calling thread.
    crosses: 'drop',
    unit: 'what the budget counts',
    doc: 'What each attempt takes from `budgets`, or from `rateLimit` where there are none: a number, `{ tokens: 1200 }`, or a function of the request.',
  }),
  respectServerLimits: option({
    scope: 'client',
    read: bool,
    default: true,
    crosses: 'plain',
    doc: 'Heed RateLimit headers: spend what remains, then pause the host before it answers 429.',
  }),
  breaker: option({
    scope: 'client',
    read: readBreaker,
    default: false,
    defaultText: `\`false\`; \`true\` is \`${literalOf(BREAKER)}\``,
    crosses: 'plain',
    doc: 'Send nothing to a host that keeps failing: `true`, or `failures` within `window`; one request tries again after `cooldown`.',
  }),
}

export function checkLimits(values: Values, problems: string[]): void {
  const { rateLimit, rateLimitBurst, hosts, limitKey, maxConcurrency, concurrency } = values
  if (rateLimitBurst !== undefined) {
    if (rateLimit === undefined) {
      problems.push("rateLimitBurst: expected rateLimit beside it, got none. Set rateLimit, for example '10/s'.")
    }
    for (const { limit, burst } of rateLimit ?? []) {
      if (burst !== undefined || rateLimitBurst <= limit) continue
      const range = `an integer from 1 to the limit (${limit})`
      problems.push(problem('rateLimitBurst', range, String(rateLimitBurst), 'Leave it out for the default.'))
    }
  }
  if (hosts !== undefined && limitKey === undefined) problems.push(...hostProblems(hosts))
  if (maxConcurrency !== undefined && concurrency !== 'auto') {
    problems.push(
      "maxConcurrency: expected concurrency: 'auto' beside it, got none. For a fixed number set concurrency alone.",
    )
  }
}
