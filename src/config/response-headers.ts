/** The names of response headers that outputs and the run file hold. */
import { problem } from './kinds.ts'
import type { Read } from './kinds.ts'
import { got } from './kinds.ts'
import { TOKEN, isSecretName } from '../core/headers.ts'

/** Names in lower case, each once. */
export const readHeaderNames: Read<readonly string[]> = (value, name, problems) => {
  if (!Array.isArray(value)) {
    problems.push(problem(name, 'an array of names of headers', got(value), "Write it as ['etag', 'x-request-id']."))
    return undefined
  }
  const before = problems.length
  for (const [at, each] of (value as unknown[]).entries()) {
    const where = `${name}[${at}]`
    if (typeof each !== 'string' || !TOKEN.test(each)) {
      problems.push(problem(where, "the name of a header such as 'etag'", got(each), 'Leave its value out.'))
    } else if (isSecretName(each)) {
      problems.push(problem(where, 'a header without a secret', got(each), 'Outputs hold no secrets: leave it out.'))
    }
  }
  if (problems.length > before) return undefined
  return [...new Set((value as string[]).map(each => each.toLowerCase()))]
}
