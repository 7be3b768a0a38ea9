/** Paths of the caller: JMESPath expressions, or functions that cannot disturb more than their own root. */
import { isThenable, reasonOf } from '../core/callback.ts'
import { ConfigError } from '../core/error.ts'
import type { Path } from '../core/pagination.ts'
import { problem } from '../core/problem.ts'
import type { Problem } from '../core/problem.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'

/** What a path finds. In a wrapper, because a server may send an object that looks like a Fault. */
export interface Found {
  readonly found: unknown
}

export type Finder = (value: unknown) => Found | Fault

type Paths = Readonly<Record<string, Path | undefined>>

/**
 * Opens paths by the names of their options, and throws a ConfigError that lists every path that does not compile. The
 * library of paths is loaded only for a string.
 */
export async function openPaths<P extends Paths>(
  paths: P,
): Promise<{ readonly [Name in keyof P]: Finder | undefined }> {
  const isNeeded = Object.values(paths).some(path => typeof path === 'string')
  const library = isNeeded ? await import('./jmespath.ts') : undefined
  const problems: Problem[] = []
  const finderOf = (name: string, path: Path | undefined): Finder | undefined => {
    if (typeof path === 'function') return calling(path, name)
    const search = path === undefined ? undefined : library?.compilePath(path)
    if (search === undefined) return undefined
    if (typeof search === 'function') return value => ({ found: search(value) })
    problems.push(problem(name, search.expected, search.got, search.remedy))
    return undefined
  }
  const finders = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, finderOf(name, path)]))
  if (problems.length > 0) throw new ConfigError(problems)
  return finders as { readonly [Name in keyof P]: Finder | undefined }
}

function calling(path: (value: unknown) => unknown, name: string): Finder {
  return value => {
    try {
      const found = path(value)
      if (!isThenable(found)) return { found }
      // Its rejection has no other reader.
      found.then(undefined, () => undefined)
      return fault('follow/callback', [{ option: name }, ' returned a promise; it must return its value'], {
        sent: true,
      })
    } catch (error) {
      return fault('follow/callback', [{ option: name }, ` threw: ${reasonOf(error)}`], { sent: true, cause: error })
    }
  }
}
