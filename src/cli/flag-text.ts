/** What is said of a flag: its own text, or else that of the option it sets, in the words of the command line. */
import type { Flag, FlagRef } from './flag.ts'
import { FLAG_WORDS, flagFor } from './flag-words.ts'
import type { AnyOption } from '../config/option.ts'
import { OPTIONS } from '../config/table.ts'

type Options = Readonly<Record<string, AnyOption>>

/** One line: the flag's own, or the option's sentence with its unit, in which `name` is the flag of that option. */
export function docOf(flag: Flag, options: Options = OPTIONS): string {
  if (flag.doc !== undefined) return flag.doc
  const { doc, unit } = options[setBy(flag)?.option ?? ''] ?? { doc: '', unit: '–' }
  const said = inFlags(`${doc[0]?.toLowerCase() ?? ''}${doc.slice(1).replace(/\.$/, '')}`)
  // A time is written with its unit.
  const isKnown = unit === '–' || unit === 'ms' || said.includes(unit)
  return isKnown ? said : `${said}, in ${unit}`
}

/** Undefined where there is none to tell of: a switch is off, and an option without a default is not set. */
export function defaultOf(flag: Flag, options: Options = OPTIONS): string | undefined {
  if (flag.default !== undefined) return flag.default
  if (flag.takes === undefined) return undefined
  const [name = '', ...fields] = setBy(flag)?.option.split('.') ?? []
  const { written, defaultText } = options[name] ?? {}
  if (defaultText !== undefined && fields.length === 0) return inFlags(defaultText)
  const value = fields.reduce<unknown>((of, field) => (of as Record<string, unknown> | undefined)?.[field], written)
  if (value === undefined || typeof value === 'boolean') return undefined
  return value === Infinity ? 'none' : `${value as string | number}`
}

/** The option whose value the flag takes. */
function setBy({ option = [] }: Flag): FlagRef | undefined {
  const refs = [option].flat().map((one): FlagRef => (typeof one === 'string' ? { option: one } : one))
  return refs.find(({ value }) => value === undefined)
}

/** Sentences of options are Markdown: what is written as code is the name of an option, or a value. */
const inFlags = (text: string): string =>
  text.replaceAll(/`([^`]*)`/g, (_, code: string) =>
    flagFor(code) === undefined ? code : FLAG_WORDS.option({ option: code }),
  )
