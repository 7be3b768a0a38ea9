/** Names and values for a query or a form, as callers write them, checked: what has no plain text form is refused. */
import { isPlain, kindOf, plainRemedy, problem } from './kinds.ts'
import type { Params } from '../core/spec.ts'

const isScalar = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'

/** The pairs, or undefined and what is wrong with them. Never shows a value: a token may be among them. */
export function readPairs(value: unknown, name: string, problems: string[]): Params | undefined {
  if (!isPlain(value)) {
    problems.push(problem(name, 'an object of strings, numbers and booleans', kindOf(value), plainRemedy(value)))
    return undefined
  }
  const before = problems.length
  for (const [field, given] of Object.entries(value)) {
    if (given === undefined || given === null || isScalar(given)) continue
    if (Array.isArray(given) && given.every(isScalar)) continue
    const expected = 'a string, number, boolean or an array of them'
    problems.push(problem(`${name}.${field}`, expected, kindOf(given), 'Turn it into a string first.'))
  }
  return problems.length === before ? (value as Params) : undefined
}
