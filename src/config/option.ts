/** What an option is: where it may be given, how it is read, what it defaults to, how it merges and what crosses threads. */
import type { Read } from './kinds.ts'

/**
 * Where an option may be given. `client`: the constructor (and the one-shot call, which makes a client). `call`: a
 * call, because it shapes the result. `any`: both, and the call's wins.
 */
export type Scope = 'client' | 'call' | 'any'

/** Who is given the options: decides which of them belong there. */
export type Place = 'constructor' | 'request' | 'stream' | 'drain' | 'one-shot'

export const isCall = (place: Place): boolean => place === 'request' || place === 'stream' || place === 'drain'

/**
 * What the later of two values does to the earlier: a call's option over its client's, a request's over the options.
 * `replace`: takes its place. `byName`: replaces the fields that it names. `add`: is added to it.
 */
export type Merge = 'replace' | 'byName' | 'add'

/**
 * What a worker thread gets of a value. `plain`: a copy. `ask`: a copy in which each function is a question to the
 * calling thread, where the function runs. `drop`: nothing, because only the calling thread uses it.
 */
export type Crossing = 'plain' | 'ask' | 'drop'

export interface Option<T, D = T | undefined> {
  readonly scope: Scope
  /** May be given per request, in a RequestSpec. */
  readonly perSpec: boolean
  /** Only in `stream()`, `request()` or `drain()`. */
  readonly only: 'stream' | 'request' | 'drain' | undefined
  readonly read: Read<T>
  /** The default in its normal form, as `read` returns it. Undefined where the option has none. */
  readonly default: D
  /** The default as a caller would write it; the documentation prints it. */
  readonly written: unknown
  /** In place of a default that cannot be printed, for example because it follows from other options. Markdown. */
  readonly defaultText: string | undefined
  readonly merge: Merge
  readonly crosses: Crossing
  readonly unit: string
  readonly doc: string
}

/** Any entry of the table. */
export type AnyOption = Option<unknown, unknown>

type Given<T> = Pick<Option<T>, 'scope' | 'read' | 'doc' | 'crosses'> & {
  readonly perSpec?: boolean
  readonly only?: 'stream' | 'request' | 'drain'
  readonly defaultText?: string
  readonly merge?: Merge
  readonly unit?: string
}

/** An entry of the table. `default` is what a caller would write; plans use it as `read` returns it. */
export function option<T, const W = undefined>(
  given: Given<T> & { readonly default?: W },
): Option<T, W extends undefined ? undefined : T> {
  const { default: written, ...rest } = given
  return {
    perSpec: false,
    only: undefined,
    merge: 'replace',
    unit: '–',
    defaultText: undefined,
    ...rest,
    written,
    default: (written === undefined ? undefined : normal(given.read, written)) as W extends undefined ? undefined : T,
  }
}

function normal<T>(read: Read<T>, written: unknown): T | undefined {
  const problems: string[] = []
  const value = read(written, 'default', problems)
  if (problems.length > 0) throw new Error(`option table: ${problems.join(' ')}`)
  return value
}
