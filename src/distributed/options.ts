/** Reads the options of this folder's functions like those of a client: all problems are in one ConfigError. */
import { fields, isPlain, kindOf } from '../config/kinds.ts'
import type { Read } from '../config/kinds.ts'
import { nearest } from '../config/names.ts'
import { ConfigError } from '../core/error.ts'
import type { Problem } from '../core/problem.ts'

/**
 * @param name of the function, in messages
 * @param problems found before, which are reported as well
 * @throws ConfigError if there is any problem
 */
export function readOptions<R extends Record<string, Read<unknown>>>(
  name: string,
  options: unknown,
  readers: R,
  problems: Problem[],
): { readonly [field in keyof R]?: NonNullable<ReturnType<R[field]>> } {
  const read = fields(readers)(options, name, problems)
  if (read === undefined || problems.length > 0) throw new ConfigError(problems)
  return read
}

/** The names of all options of a type, and no others. */
export type Names<O> = Readonly<Record<keyof O, true>>

/** @throws ConfigError for names that are not known: they would be without effect */
export function checkNames<O>(name: string, given: unknown, names: Names<O>): void {
  const known = Object.keys(names)
  if (!isPlain(given)) throw new ConfigError([`${name}: expected an object with ${known[0]}, got ${kindOf(given)}.`])
  const problems: Problem[] = []
  for (const [option, value] of Object.entries(given)) {
    if (Object.hasOwn(names, option) || value === undefined) continue
    const near = nearest(option, known)
    const remedy = near === undefined ? 'Leave it out.' : `Did you mean '${near}'?`
    problems.push(`${name}: expected the name of an option, got ${JSON.stringify(option)}. ${remedy}`)
  }
  if (problems.length > 0) throw new ConfigError(problems)
}
