/** Headers as callers write them → a flat list, checked. */
import { headerProblem } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'
import type { HeadersInput } from '../core/spec.ts'

/** Set by the wire itself: another value would lie about the framing, or send the request elsewhere. */
const OURS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

export interface ReadHeaders {
  readonly set: HeaderList
  /** Names given as undefined: the default of that name is left out. */
  readonly unset: readonly string[]
}

export function readHeaders(input: HeadersInput, problems: string[], subject: string): ReadHeaders {
  const set: string[] = []
  const unset: string[] = []
  for (const [given, value] of pairs(input)) {
    const name = String(given).toLowerCase()
    if (value === undefined) {
      unset.push(name)
      continue
    }
    const text = typeof value === 'string' ? value.replace(/^[ \t]+|[ \t]+$/g, '') : String(value)
    const problem =
      typeof value === 'string' || typeof value === 'number'
        ? headerProblem(name, text)
        : `header ${name}: expected a string, got ${typeof value}`
    if (problem !== undefined) problems.push(`${subject}: ${problem}.`)
    else if (OURS.has(name))
      problems.push(`${subject}: expected no ${name} header, got one. It is set from the request itself; leave it out.`)
    else set.push(name, text)
  }
  return { set, unset }
}

function pairs(input: HeadersInput): Iterable<readonly [string, unknown]> {
  if (Array.isArray(input)) return input
  if (typeof (input as { entries?: unknown }).entries === 'function') return (input as Headers).entries()
  return Object.entries(input)
}
