/**
 * The text and the default of a flag: its own, or else those of the option that it sets, with flags in place of
 * options.
 */
import type { Flag, FlagRef } from './flag.ts'
import { FLAG_WORDS, flagFor } from './flag-words.ts'
import type { AnyOption } from '../config/option.ts'
import { OPTIONS } from '../config/table.ts'

type Options = Readonly<Record<string, AnyOption>>

/** The flag's own text, or the sentence of the option with its unit and an example. */
export function docOf(flag: Flag, options: Options = OPTIONS): string {
  if (flag.doc !== undefined) return flag.doc
  const [name = '', ...fields] = setBy(flag)?.option.split('.') ?? []
  const { doc = '', unit = '–', fieldDocs } = options[name] ?? {}
  const sentence = fields.length === 0 ? doc : (fieldDocs?.[fields.join('.')] ?? '')
  const said = inFlags(lowered(sentence).replace(/\.$/, ''), name)
  // Values of times and sizes contain their unit, and a field may have another unit than its option.
  const isKnown = ['–', 'ms', 'bytes'].includes(unit) || fields.length > 0 || said.includes(unit)
  const { example } = flag
  return `${said}${isKnown ? '' : `, in ${unit}`}${example === undefined ? '' : `, such as ${example}`}`
}

/** The text without its capital letter, for the middle of a line. Names such as DNS keep their capitals. */
const lowered = (text: string): string => (/^[A-Z][a-z ]/.test(text) ? text[0]?.toLowerCase() + text.slice(1) : text)

/** The default. Undefined for a switch, and for an option without a default. */
export function defaultOf(flag: Flag, options: Options = OPTIONS): string | undefined {
  if (flag.default !== undefined) return flag.default
  if (flag.takes === undefined) return undefined
  const [name = '', ...fields] = setBy(flag)?.option.split('.') ?? []
  const { written, defaultText } = options[name] ?? {}
  if (defaultText !== undefined && fields.length === 0) return inFlags(defaultText, name).replaceAll(/'(\w+)'/g, '$1')
  const value = fields.reduce<unknown>((of, field) => (of as Record<string, unknown> | undefined)?.[field], written)
  if (value === undefined || typeof value === 'boolean') return undefined
  return value === Infinity ? 'none' : `${value as string | number}`
}

/** The option whose value the flag takes. */
function setBy({ option = [] }: Flag): FlagRef | undefined {
  const refs = [option].flat().map((one): FlagRef => (typeof one === 'string' ? { option: one } : one))
  return refs.find(({ value }) => value === undefined)
}

/**
 * Replaces options by flags. Sentences of options are Markdown, and their code spans are: an option, an option with a
 * value, a field of the option `option`, or a value.
 */
const inFlags = (text: string, option: string): string =>
  text.replaceAll(/`([^`]*)`/g, (_, code: string) => {
    if (code === 'Infinity') return FLAG_WORDS.value(Infinity)
    const [, name = '', value] = /^(\w+): '(\w+)'$/.exec(code) ?? []
    if (flagFor(name) !== undefined) return FLAG_WORDS.option({ option: name, value })
    const known = [`${option}.${code}`, code].find(path => flagFor(path) !== undefined)
    return known === undefined ? code : FLAG_WORDS.option({ option: known })
  })
