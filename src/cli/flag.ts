/** What a row of the flag table is made of, and the words it is written in. */
import { switched } from './flag-readers.ts'
import { oneOf } from '../config/kinds.ts'
import type { Read } from '../config/kinds.ts'
import type { OptionRef } from '../core/words.ts'

export const GROUPS = [
  'Input',
  'Request',
  'Output',
  'Run',
  'Limits',
  'Retries and time',
  'Connection',
  'Display',
] as const
export type Group = (typeof GROUPS)[number]

export interface FlagRef extends OptionRef {
  /** Where the flag's name alone would not do: `several --proxy`. */
  readonly said?: string
}

export type FlagOption = string | FlagRef | readonly (string | FlagRef)[]

export interface Flag<T = unknown> {
  readonly group: Group
  readonly short?: string
  /** What it takes, as helps show it; a switch takes nothing. */
  readonly takes?: string
  /** All that it takes, where they are few. */
  readonly choices?: readonly string[]
  /** May be given more than once: the values add up. */
  readonly repeat?: true
  /** On the first screen of help. */
  readonly common?: true
  /** One line. */
  readonly doc: string
  /** What a reader of `--help-all` and of the manual wants to know besides. */
  readonly more?: string
  readonly default?: string
  /** The option of the library that it sets, or the value of one: several where it depends on what is given. */
  readonly option?: FlagOption
  /** Values of the option that the flag writes differently: `content` is `bytes`. */
  readonly says?: Readonly<Record<string, string>>
  readonly read: Read<T>
}

type Rest = Omit<Flag, 'group' | 'doc' | 'read' | 'takes'>

export const taking = <T, const R extends Rest = {}>(
  group: Group,
  takes: string,
  read: Read<T>,
  doc: string,
  rest?: R,
) => ({ group, takes, read, doc, ...rest }) as { group: Group; takes: string; read: Read<T>; doc: string } & R

export const choosing = <const C extends string, const R extends Rest = {}>(
  group: Group,
  takes: string,
  choices: readonly C[],
  doc: string,
  rest?: R,
) => taking(group, takes, oneOf(choices), doc, { choices, ...rest })

export const aSwitch = (group: Group, doc: string, rest: Rest = {}): Flag<boolean> => ({
  group,
  read: switched,
  doc,
  ...rest,
})
