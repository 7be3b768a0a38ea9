/** How the command line calls the options of the library in its messages: `--max-redirects`. */
import { FLAG_NAMES, flagOf } from './flags.ts'
import type { FlagName } from './flags.ts'
import type { FlagRef } from './flag.ts'
import type { Vocabulary } from '../core/words.ts'

/** A flag that stands for an option, or for one value of it: `--no-follow`. */
interface NamedFlag {
  readonly flag: FlagName
  readonly ref: FlagRef
}

let flagsByOption: ReadonlyMap<string, readonly NamedFlag[]> | undefined

/** By the name of the option, or of its field; in the order of the flag table. */
function flagsOf(option: string): readonly NamedFlag[] {
  flagsByOption ??= Map.groupBy(
    FLAG_NAMES.flatMap(flag => optionsOf(flag).map((ref): NamedFlag => ({ flag, ref }))),
    ({ ref }) => ref.option,
  )
  return flagsByOption.get(option) ?? []
}

/** The options that a flag sets. */
export function optionsOf(flag: FlagName): readonly FlagRef[] {
  const { option = [] } = flagOf(flag)
  return [option].flat().map(one => (typeof one === 'string' ? { option: one } : one))
}

/** The flag that sets the option, or else one that sets a value of it. */
const namedFor = (option: string): NamedFlag | undefined =>
  flagsOf(option).find(({ ref }) => ref.value === undefined) ?? flagsOf(option)[0]

export const flagFor = (option: string): FlagName | undefined => namedFor(option)?.flag

export const FLAG_WORDS: Vocabulary = {
  option(ref) {
    const { option, value, fields = [] } = ref
    const ofFields = fields.map(field => flagFor(`${option}.${field}`))
    if (ofFields.length > 0 && !ofFields.includes(undefined)) return ofFields.map(flag => `--${flag}`).join(' and ')
    const named = namedFor(option)
    if (named === undefined) return option
    const {
      flag,
      ref: { said },
    } = named
    if (value === undefined) return said ?? `--${flag}`
    const exact = flagsOf(option).find(({ ref: { value: only } }) => only === value)
    if (exact !== undefined) return `--${exact.flag}`
    const { takes, says } = flagOf(flag)
    if (takes === undefined) return value === false ? `--no-${flag}` : `--${flag}`
    return `--${flag} ${says?.[`${value as string | number | boolean}`] ?? flagValue(value)}`
  },

  subject(path) {
    // For `tls.cert`, `hosts['a.test'].rateLimit` or `proxyFile, line 3`, finds the longest prefix that is an option.
    for (let end = path.length; end > 0; end = lastBoundary(path, end)) {
      const flag = flagFor(path.slice(0, end))
      if (flag !== undefined) return `--${flag}${path.slice(end).replace(/^\./, ' ')}`
    }
    return path
  },

  value: value => `'${flagValue(value)}'`,
  inCode: () => '',
}

const flagValue = (value: unknown): string => (value === Infinity ? 'none' : String(value))

const lastBoundary = (path: string, end: number): number =>
  Math.max(...['.', '[', ','].map(sign => path.lastIndexOf(sign, end - 1)))
