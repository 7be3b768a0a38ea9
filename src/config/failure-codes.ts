/** Lists of failures, as people write them: `5xx`, `404`, `timeout`, `dns/not_found`. */
import { got, problem } from './kinds.ts'
import type { Read } from './kinds.ts'
import { nearest } from './names.ts'
import { failureCode } from '../core/failure-codes.ts'
import { FAULT_CLASSES } from '../core/result.ts'

const EXPECTED = "a code or a class of failures such as '5xx', '404', 'timeout' or 'dns/not_found'"

/** Codes in their normal form, each once. */
export const readFailureCodes: Read<readonly string[]> = (value, name, problems) => {
  if (!Array.isArray(value) || value.length === 0) {
    problems.push(
      problem(name, 'an array of codes and classes of failures', got(value), "Write it as ['5xx', 'timeout']."),
    )
    return undefined
  }
  const before = problems.length
  const codes = (value as unknown[]).map((each, at) => {
    const code = typeof each === 'string' ? failureCode(each) : undefined
    if (code === undefined) problems.push(problem(`${name}[${at}]`, EXPECTED, got(each), remedyFor(each)))
    return code as string
  })
  return problems.length === before ? [...new Set(codes)] : undefined
}

function remedyFor(given: unknown): string {
  if (typeof given !== 'string') return "Write a status as '503'."
  const [of = '', detail] = given.toLowerCase().split('/', 2)
  const near = nearest(of, FAULT_CLASSES)
  if (near === undefined || near === of) return `The classes are ${FAULT_CLASSES.join(', ')}.`
  return `Did you mean '${detail === undefined ? near : `${near}/${detail}`}'?`
}
