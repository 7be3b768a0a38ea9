/**
 * An option: where it may be set, how it is read, its default, how it merges, and what of it is sent to a worker
 * thread.
 */
import type { Read } from './kinds.ts'
import type { Problem } from '../core/problem.ts'
import { sayProblem } from '../core/problem.ts'

/**
 * Where an option may be set. `client`: in the constructor (and in the one-shot call, which makes a client). `call`: in
 * a call, because it shapes the result. `any`: in both, and the value of the call wins.
 */
export type Scope = 'client' | 'call' | 'any'

/** The function that receives the options: decides which options are valid there. */
export type OptionRecipient = 'constructor' | 'request' | 'stream' | 'drain' | 'one-shot'

export const isCall = (place: OptionRecipient): boolean =>
  place === 'request' || place === 'stream' || place === 'drain'

/**
 * How a later value merges with an earlier one: a call's option with its client's, a request's with the call's.
 * `replace`: replaces it. `byName`: replaces the fields that it names. `add`: is added to it.
 */
export type Merge = 'replace' | 'byName' | 'add'

/**
 * What is sent of a value to a worker thread. `plain`: a copy. `ask`: a copy in which each function asks the calling
 * thread, where the function runs. `drop`: nothing, because only the calling thread uses it.
 */
export type Crossing = 'plain' | 'ask' | 'drop'

/**
 * The plan that holds the value under the name of the option. `client`: once per client. `batch`: once per call.
 * `request`: used to prepare the requests of a call. `call`: attached to each request, and shared by all requests that
 * override nothing. `part`: none; a part of a plan is made from it (see `PlanPart`).
 */
export type Plan = 'client' | 'batch' | 'request' | 'call' | 'part'

export interface Option<T, D = T | undefined> {
  readonly scope: Scope
  /** May be set per request, in a RequestSpec. */
  readonly perSpec: boolean
  /** Only in `stream()`, `request()` or `drain()`. */
  readonly only: 'stream' | 'request' | 'drain' | undefined
  readonly read: Read<T>
  /** The default in its normal form, as `read` returns it. Undefined if the option has none. */
  readonly default: D
  /** The default as a caller would write it; the documentation prints it. */
  readonly written: unknown
  /** Printed instead of a default that is not a value, for example because it follows from other options. Markdown. */
  readonly defaultText: string | undefined
  readonly merge: Merge
  /** Merges two values by name that are not plain records. */
  join?(under: T, over: T): T
  readonly plan: Plan
  readonly crosses: Crossing
  /**
   * Whether each request of a call is prepared differently with this value, for example with its own key. Then no
   * request is the template of the next. Without this function, an option of the plan `request` counts as different.
   */
  differs?(value: T): boolean
  /** What `parallelRequestsSync` expects instead of this value; undefined for a value that it accepts. */
  inSync?(value: T): Instead | undefined
  readonly unit: string
  readonly doc: string
  /** The sentence of each field that a flag of the command line sets alone, by its path: `backoff.base`. */
  readonly fieldDocs: Readonly<Record<string, string>>
}

/** The value that is expected instead, and why. */
export interface Instead {
  readonly expected: string
  readonly remedy: string
}

/** Any entry of the table. */
export type AnyOption = Option<unknown, unknown>

/** A field of a plan that is made from the values of some options, instead of being one of them. */
export interface PlanPart<V, T> {
  /** The options that it depends on. */
  readonly of: readonly string[]
  /** @param base the same field before a request overrode one of the options */
  make(values: V, base?: T): T
}

/** A part that depends on these options. */
export const part = <V, T>(of: readonly string[], make: (values: V, base?: T) => T): PlanPart<V, T> => ({ of, make })

type EntryFields<T> = Pick<Option<T>, 'scope' | 'read' | 'doc' | 'crosses'> & {
  readonly plan?: Plan
  join?(under: T, over: T): T
  differs?(value: T): boolean
  inSync?(value: T): Instead | undefined
  readonly perSpec?: boolean
  readonly only?: 'stream' | 'request' | 'drain'
  readonly defaultText?: string
  readonly merge?: Merge
  readonly unit?: string
  readonly fieldDocs?: Readonly<Record<string, string>>
}

/** `differs` of an option that all requests of a call share. */
export const neverDiffers = (): boolean => false

/** An entry of the table. `default` is what a caller would write; plans use it as `read` returns it. */
export function option<T, const W = undefined>(
  given: EntryFields<T> & { readonly default?: W },
): Option<T, W extends undefined ? undefined : T> {
  const { default: written, ...rest } = given
  return {
    perSpec: false,
    only: undefined,
    merge: 'replace',
    plan: given.scope === 'client' ? 'client' : 'call',
    unit: '–',
    fieldDocs: {},
    defaultText: undefined,
    ...rest,
    written,
    default: (written === undefined ? undefined : normal(given.read, written)) as W extends undefined ? undefined : T,
  }
}

function normal<T>(read: Read<T>, written: unknown): T | undefined {
  const problems: Problem[] = []
  const value = read(written, 'default', problems)
  if (problems.length > 0) throw new Error(`option table: ${problems.map(problem => sayProblem(problem)).join(' ')}`)
  return value
}
