/**
 * Reads the options of a sink like those of a client: all unknown names and wrong values are reported in one
 * ConfigError.
 */
import { fields } from '../config/kinds.ts'
import type { Read } from '../config/kinds.ts'
import { ConfigError } from '../core/error.ts'
import type { Problem } from '../core/problem.ts'

/**
 * @param name of the sink in messages, such as `jsonLines`
 */
export function readSinkOptions<R extends Record<string, Read<unknown>>>(
  name: string,
  options: unknown,
  readers: R,
): { readonly [field in keyof R]?: NonNullable<ReturnType<R[field]>> } {
  const problems: Problem[] = []
  const read = fields(readers)(options, name, problems)
  if (read === undefined || problems.length > 0) throw new ConfigError(problems)
  return read
}
