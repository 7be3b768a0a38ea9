/** The type of a row of the flag table, and the functions that make rows. */
import { switched } from './flag-readers.ts'
import { readerOf } from './option-reader.ts'
import { oneOf } from '../config/kinds.ts'
import type { Read } from '../config/kinds.ts'
import type { OptionRef } from '../core/words.ts'

export const GROUPS = [
  'Input',
  'Request',
  'Follow-ups',
  'Output',
  'Run',
  'Limits',
  'Retries and time',
  'Jobs',
  'Connection',
  'Display',
] as const
export type Group = (typeof GROUPS)[number]

export interface FlagRef extends OptionRef {
  /** Used in messages instead of the name of the flag: `several --proxy`. */
  readonly said?: string
}

export type FlagOption = string | FlagRef | readonly (string | FlagRef)[]

export interface Flag<T = unknown> {
  readonly group: Group
  readonly short?: string
  /** The placeholder of the value in the help. Undefined for a switch. */
  readonly takes?: string
  /** The possible values, if there are only a few. */
  readonly choices?: readonly string[]
  /** Whether the flag may be repeated; the values are collected. */
  readonly repeat?: true
  /** Whether `--help` lists the flag. */
  readonly common?: true
  /** The help text, if it differs from the sentence of the option (`flag-text.ts`). */
  readonly doc?: string | undefined
  /** Example values of the command line, appended to the sentence of the option. */
  readonly example?: string
  /** More text for `--help-all` and the manual. */
  readonly more?: string
  /** The default, if it differs from that of the option. */
  readonly default?: string
  /** The option of the library that the flag sets. Several if the value decides which one. */
  readonly option?: FlagOption
  /** Values of the option that have another name in the flag: `content` is `bytes`. */
  readonly says?: Readonly<Record<string, string>>
  readonly read: Read<T>
}

type Rest = Omit<Flag, 'group' | 'doc' | 'read' | 'takes'>

export const taking = <T, const R extends Rest = {}>(
  group: Group,
  takes: string,
  read: Read<T>,
  doc: string | undefined,
  rest?: R,
) => ({ group, takes, read, doc, ...rest }) as { group: Group; takes: string; read: Read<T>; doc?: string } & R

/**
 * A flag that sets an option, or one field of it. Its value is read by the reader of the option.
 *
 * @param how turns the text of a command line into what that reader takes
 */
export const setting = <const P extends string, const R extends Rest & Pick<Flag, 'doc'> = {}>(
  group: Group,
  takes: string,
  option: P,
  how: <T>(read: Read<T>) => Read<T>,
  rest?: R,
) => taking(group, takes, how(readerOf(option)), rest?.doc, { option, ...rest })

export const choosing = <const C extends string, const R extends Rest = {}>(
  group: Group,
  takes: string,
  choices: readonly C[],
  doc: string | undefined,
  rest?: R,
) => taking(group, takes, oneOf(choices), doc, { choices, ...rest })

/** A switch that sets an option to true. */
export const enabling = (group: Group, option: string, rest: Rest = {}): Flag<boolean> =>
  aSwitch(group, undefined, { option, ...rest })

export const aSwitch = (group: Group, doc: string | undefined, rest: Rest = {}): Flag<boolean> => ({
  group,
  read: switched,
  doc,
  ...rest,
})
