/** The options of a sink, read as those of a client are: unknown names and wrong values end in one ConfigError. */
import { fields } from '../config/kinds.ts'
import type { Read } from '../config/kinds.ts'
import { ConfigError } from '../core/error.ts'

/** @param name of the sink, for messages: `jsonLines` */
export function readSinkOptions<R extends Record<string, Read<unknown>>>(
  name: string,
  options: unknown,
  readers: R,
): { readonly [field in keyof R]?: NonNullable<ReturnType<R[field]>> } {
  const problems: string[] = []
  const read = fields(readers)(options, name, problems)
  if (read === undefined || problems.length > 0) throw new ConfigError(problems)
  return read
}
