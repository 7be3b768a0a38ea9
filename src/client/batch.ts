/**
 * The shape of a call: the items of its input, and the result made of its outcomes. Only this file knows shapes and
 * failure modes.
 */
import type { BatchPlan } from '../config/plan.ts'
import { got, isRecord, problem } from '../config/kinds.ts'
import { isThenable } from '../core/callback.ts'
import { AbortError, ConfigError } from '../core/error.ts'
import type { Outcome } from '../core/outcome.ts'
import type { Results } from './run/results.ts'
import { PartialFailureError } from './partial-failure.ts'
import { fault } from '../core/result.ts'
import { codeOf } from '../core/unsent-outcome.ts'
import { isIterable } from '../engine/source.ts'
import type { Problem } from '../core/problem.ts'

export interface BatchInput {
  readonly items: Iterable<unknown> | AsyncIterable<unknown>
  readonly shape: 'one' | 'list' | 'keyed'
}

/** `(input, options)` or `({ urls, …options })` as one pair. */
export function argumentsOf(first: unknown, second: unknown): { input: unknown; options: unknown } {
  const named = isRecord(first) && !(first instanceof URL) && !isIterable(first) && 'urls' in first
  if (!named) return { input: first, options: second }
  const { urls, ...options } = first
  if (second === undefined) return { input: urls, options }
  throw new ConfigError([
    'options: expected one object that holds urls and options, got a second one. Put all options into one.',
  ])
}

const EXPECTED = 'a URL, a request, or an iterable of them'

/** The items of an input and the shape of its result. Throws a ConfigError if input and options do not fit together. */
export function inputOf(input: unknown, plan: BatchPlan): BatchInput {
  const problems: Problem[] = []
  const isOne = typeof input === 'string' || input instanceof URL || (isRecord(input) && !isIterable(input))
  if (!isOne && !isIterable(input)) {
    throw new ConfigError([problem('urls', EXPECTED, got(input), "Write 'https://…' or an array of URLs.")])
  }
  if (isThenable(input)) throw new ConfigError([problem('urls', EXPECTED, 'a promise', 'Await it first.')])
  const { keys, paramsPerUrl } = plan
  if (keys !== undefined) checkKeys(keys, input, problems)
  if (paramsPerUrl !== undefined) checkLength('params', paramsPerUrl, input, problems)
  if (plan.soleBody !== undefined && !isOne && !isShort(input)) problems.push(plan.soleBody)
  if (problems.length > 0) throw new ConfigError(problems)
  if (isOne) return { items: [input], shape: 'one' }
  return { items: input, shape: keys === undefined ? 'list' : 'keyed' }
}

/** Whether the input certainly has at most one request. A body that can be sent only once is allowed then. */
export function isShort(input: unknown): boolean {
  return Array.isArray(input) && input.length <= 1
}

function checkKeys(keys: readonly string[], input: unknown, problems: Problem[]): void {
  checkLength('keys', keys, input, problems)
  if (!Array.isArray(input)) return
  const own = input.findIndex(item => isRecord(item) && !(item instanceof URL) && item.key !== undefined)
  if (own !== -1)
    problems.push(`keys: expected requests without a key of their own, got one in urls[${own}]. Keep one of the two.`)
}

function checkLength(name: string, list: readonly unknown[], input: unknown, problems: Problem[]): void {
  if (!Array.isArray(input)) {
    const remedy = isIterable(input) ? 'Collect the URLs first.' : 'Put the one URL into an array, or leave it out.'
    problems.push(problem(name, 'an array of URLs beside it', got(input), remedy))
  } else if (list.length !== input.length) {
    const remedy = name === 'keys' ? 'Name each URL once.' : 'Put {} where a URL has none.'
    problems.push(problem(name, `one per URL (${input.length})`, String(list.length), remedy))
  }
}

/**
 * The result of a call: its outcomes, in input order, in the caller's shape. Throws if the failure mode asks for that.
 */
export function shapeOutcomes(
  results: Results,
  { shape }: BatchInput,
  plan: BatchPlan,
  aborted?: { readonly reason: unknown },
): unknown {
  const { onFailure, keys } = plan
  // The length of a lazy input is unknown, so the values received so far must not pass for all of them.
  if (onFailure !== 'settle' && aborted !== undefined) throw abortError(results.outcomes(), aborted.reason)
  if (onFailure === 'throw') throwFailures(results, shape)
  const list = onFailure === 'settle' ? results.outcomes() : results.values
  if (shape === 'one') return list[0]
  if (plan.flatten) return list.flat(1)
  if (shape === 'list' || keys === undefined) return list
  // Defined, not assigned, so that `__proto__` is a key like any other.
  const byKey = {}
  for (const [index, key] of keys.entries()) {
    Object.defineProperty(byKey, key, { value: list[index], enumerable: true, configurable: true, writable: true })
  }
  return byKey
}

function wasAborted(outcome: Outcome): boolean {
  const code = codeOf(outcome)
  return code !== undefined && (code.startsWith('aborted/') || code === 'in_doubt/aborted')
}

function throwFailures(results: Results, shape: BatchInput['shape']): void {
  const { firstFailure } = results
  if (firstFailure === undefined) return
  throw shape === 'one' ? firstFailure.error : new PartialFailureError(results.outcomes())
}

function abortError(outcomes: readonly Outcome[], reason: unknown): AbortError {
  const done = outcomes.filter(outcome => !wasAborted(outcome)).length
  const given = fault(
    'aborted/in_flight',
    `the batch was aborted when ${done} of ${outcomes.length} requests were done`,
    { cause: reason },
  )
  return new AbortError(given, { attempts: 0, timings: { total: 0 } }, outcomes)
}
