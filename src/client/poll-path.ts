/** A path of the option `poll` as a function. The library of paths is loaded when the first one is used. */
import { ConfigError } from '../core/error.ts'
import type { PollPlan } from '../core/poll.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import { openPaths } from '../paginate/paths.ts'
import type { Finder } from '../paginate/paths.ts'

type Read = (value: unknown) => unknown

/** Requests may have paths of their own. If there are very many, all are compiled anew. */
const MAX_KNOWN = 1_000
const known = new Map<string, Promise<Read | Fault>>()

export function readPath(path: string, name: string): Promise<Read | Fault> {
  const id = `${name} ${path}`
  let reader = known.get(id)
  if (reader === undefined) {
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(id, (reader = opened(path, name)))
  }
  return reader
}

/** Reads the paths of the options before anything is sent. Rejects with a ConfigError that lists the wrong ones. */
export function openPollPaths({ status, url, result }: PollPlan): Promise<unknown> | undefined {
  const hasPath = [status, url, result].some(path => typeof path === 'string')
  return hasPath ? openPaths({ 'poll.status': status, 'poll.url': url, 'poll.result': result }) : undefined
}

async function opened(path: string, name: string): Promise<Read | Fault> {
  try {
    const finder = (await openPaths({ [name]: path }))[name] as Finder
    return value => {
      const part = finder(value)
      return 'found' in part ? part.found : undefined
    }
  } catch (error) {
    if (error instanceof ConfigError) return fault('invalid_request/poll', error.message)
    throw error
  }
}
