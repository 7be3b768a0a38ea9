/** Reads the options of this folder's functions like those of a client: all problems are in one ConfigError. */
import { fields } from '../config/kinds.ts'
import type { Read } from '../config/kinds.ts'
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
