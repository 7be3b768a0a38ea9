/**
 * Names and values for a query or a form, as callers write them, checked: a value without a plain text form is refused.
 */
import { isPlain, kindOf, plainRemedy, problem } from './kinds.ts'
import type { Params } from '../core/spec.ts'
import type { Problem } from '../core/problem.ts'

const isScalar = (value: unknown): boolean =>
  typeof value === 'string' ||
  (typeof value === 'number' && Number.isFinite(value)) ||
  typeof value === 'boolean' ||
  typeof value === 'bigint'

/** The pairs; undefined and problems if they are wrong. Never shows a value: it may be a token. */
export function readPairs(value: unknown, name: string, problems: Problem[]): Params | undefined {
  if (value instanceof URLSearchParams) return grouped(value)
  if (!isPlain(value)) {
    problems.push(problem(name, 'an object of strings, numbers and booleans', kindOf(value), plainRemedy(value)))
    return undefined
  }
  const before = problems.length
  for (const [field, given] of Object.entries(value)) {
    if (given === undefined || given === null || isScalar(given)) continue
    if (Array.isArray(given) && given.every(isScalar)) continue
    problems.push(problem(`${name}.${field}`, QUERY_VALUE_TYPES, shownOf(given), queryRemedy(given)))
  }
  return problems.length === before ? (value as Params) : undefined
}

const QUERY_VALUE_TYPES = 'a string, number, boolean or an array of them'

const isUnreal = (value: unknown): value is number => typeof value === 'number' && !Number.isFinite(value)

/** NaN and Infinity are not secret, and "a number" would not show the mistake. */
function shownOf(given: unknown): string {
  if (isUnreal(given)) return String(given)
  const wrong = Array.isArray(given) ? (given.find(item => !isScalar(item)) as unknown) : undefined
  return Array.isArray(given)
    ? `${kindOf(given)} with ${isUnreal(wrong) ? String(wrong) : kindOf(wrong)}`
    : kindOf(given)
}

function queryRemedy(given: unknown): string {
  if (isUnreal(given)) return 'Use null to leave it out.'
  return Array.isArray(given) ? 'Filter the array first.' : 'Turn it into a string first.'
}

/** A name that occurs several times becomes an array at its first position. */
function grouped(search: URLSearchParams): Params {
  const params = Object.create(null) as Params
  for (const name of new Set(search.keys())) params[name] = search.getAll(name)
  return params
}
