/** The options of retries: which failures are retried, how often, and after how long. */
import { funcOf } from '../functions.ts'
import { count, duration, either, fields, listOf, matching, problem } from '../kinds.ts'
import { literalOf } from '../literal.ts'
import { isCall, option, part } from '../option.ts'
import type { OptionRecipient } from '../option.ts'
import type { Values } from '../table.ts'
import { isMethod } from './bodies.ts'
import type { RetryPlan } from '../../core/call.ts'
import type { Duration } from '../../core/spec.ts'
import type { Problem } from '../../core/problem.ts'

const wholeStatus = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 100 && (value as number) <= 999

const BACKOFF = { base: '500ms', max: '30s' }

export const RETRY_OPTIONS = {
  maxRetries: option({
    scope: 'any',
    perSpec: true,
    read: count(0, ['Use 0 for none, ', { value: Infinity }, ' for no limit.']),
    default: 3,
    crosses: 'plain',
    unit: 'retries',
    doc: 'Retries after a failure, within the retry budget of its host.',
  }),
  retry: option({
    scope: 'any',
    plan: 'part',
    perSpec: true,
    read: fields({
      methods: listOf('methods of HTTP', isMethod, "Write each as 'POST'."),
      statuses: listOf('statuses', wholeStatus, 'Write each as a number, for example 503.'),
      backoff: either(
        funcOf<(failures: number) => Duration>(),
        fields({ base: duration({ zero: true }), max: duration({ zero: true }) }),
      ),
      maxRetryAfter: duration({ zero: true }),
      budget: fields({
        reserve: count(0),
        ratio: matching('a number ≥ 0', (value): value is number => typeof value === 'number' && value >= 0, [
          'Use ',
          { value: Infinity },
          ' for no budget.',
        ]),
      }),
      shouldRetry: funcOf<NonNullable<RetryPlan['shouldRetry']>>(),
    }),
    default: {
      methods: ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'],
      statuses: [408, 425, 429, 500, 502, 503, 504],
      backoff: BACKOFF,
      maxRetryAfter: '2m',
      budget: { reserve: 10, ratio: 0.2 },
    },
    defaultText: `full jitter, \`backoff: ${literalOf(BACKOFF)}\``,
    merge: 'byName',
    crosses: 'ask',
    doc: 'Which failures are retried, and after how long: `methods`, `statuses`, `backoff`, `maxRetryAfter`, `budget`, `shouldRetry`.',
    fieldDocs: {
      methods: 'Methods that are retried.',
      statuses: 'Statuses that are retried.',
      'backoff.base': 'Longest wait before the first retry; it doubles with each further one.',
      'backoff.max': 'Longest wait before any retry.',
      maxRetryAfter: 'The longest `Retry-After` that a request waits for; a longer one fails it.',
      'budget.reserve': 'Retries that each host has before `budget.ratio` limits them.',
      'budget.ratio': 'Retries per request of a host, beyond `budget.reserve`; `Infinity` for no limit.',
    },
  }),
}

export const BUDGET_IN_CALL = problem(
  'retry.budget',
  'in the constructor',
  'it in a call',
  'It is shared by all calls: new ParallelRequests({ retry }).',
)

export function checkRetries({ retry }: Values, problems: Problem[], place: OptionRecipient): void {
  if (retry?.budget !== undefined && isCall(place)) problems.push(BUDGET_IN_CALL)
}

type Budget = NonNullable<NonNullable<Values['retry']>['budget']>
const DEFAULT = RETRY_OPTIONS.retry.default as Required<NonNullable<Values['retry']>>
const DEFAULT_BACKOFF = DEFAULT.backoff as { readonly base: number; readonly max: number }

export const CLIENT_RETRIES = {
  budget: part(
    ['retry'],
    ({ retry }: Values) => ({ ...DEFAULT.budget, ...retry?.budget }) as Readonly<Required<Budget>>,
  ),
}

export const CALL_RETRIES = { retry: part(['retry'], planRetry) }

function planRetry({ retry }: Values): RetryPlan {
  const { methods, statuses, maxRetryAfter, shouldRetry, backoff } = { ...DEFAULT, shouldRetry: undefined, ...retry }
  return {
    methods: new Set(methods.map(method => method.toUpperCase())),
    statuses: new Set(statuses),
    backoff: planBackoff(backoff),
    maxRetryAfterMs: maxRetryAfter,
    shouldRetry,
  }
}

function planBackoff(given: NonNullable<Values['retry']>['backoff']): RetryPlan['backoff'] {
  if (typeof given === 'function') return given
  const { base, max } = { ...DEFAULT_BACKOFF, ...given }
  return { baseMs: base, maxMs: max }
}
