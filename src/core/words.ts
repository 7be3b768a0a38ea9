/**
 * What is said to people, as data: text with references to options. The library calls an option `maxRedirects` and the
 * command line calls it `--max-redirects`, so a message names the option and is put into words when it is shown.
 */

/** An option, or one of its fields: `maxRedirects`, `retry.maxRetryAfter`. */
export interface OptionRef {
  readonly option: string
  /** The option set to this: `unknownWrites: 'resend'`. */
  readonly value?: unknown
  /** The option with these fields: `tls: { cert, key }`. */
  readonly fields?: readonly string[]
}

/** A value that is written differently: `Infinity` is `none` on a command line. */
export interface ValueRef {
  readonly value: unknown
}

/** Advice that only makes sense in code, such as on quotes or types. A command line leaves it out. */
export interface CodeOnly {
  readonly inCode: string
}

export type WordsPart = string | OptionRef | ValueRef | CodeOnly
export type Words = string | readonly WordsPart[]

/** How the options are called where the message is read. */
export interface Vocabulary {
  option(ref: OptionRef): string
  /** The option that a problem is about, where it begins with one; any other text as it is: `urls[3].body`. */
  subject(path: string): string
  value(value: unknown): string
  inCode(text: string): string
}

const literal = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value))

export const LIBRARY: Vocabulary = {
  option({ option, value, fields }) {
    if (fields !== undefined) return `${option}: { ${fields.join(', ')} }`
    return value === undefined ? option : `${option}: ${literal(value)}`
  },
  subject: path => path,
  value: literal,
  inCode: text => text,
}

let spoken = LIBRARY

/** Sets the vocabulary of this process. The command line calls it once, before anything is said. */
export function speak(vocabulary: Vocabulary): void {
  spoken = vocabulary
}

export const spokenHere = (): Vocabulary => spoken

/** The sentence, in the vocabulary of this process or in the one given. */
export function say(words: Words, vocabulary = spoken): string {
  if (typeof words === 'string') return words
  // Advice that is left out leaves the space before it.
  return words
    .map(part => sayPart(part, vocabulary))
    .join('')
    .trimEnd()
}

function sayPart(part: WordsPart, vocabulary: Vocabulary): string {
  if (typeof part === 'string') return part
  if ('option' in part) return vocabulary.option(part)
  return 'inCode' in part ? vocabulary.inCode(part.inCode) : vocabulary.value(part.value)
}

/** One after the other; text as long as all of them are text. */
export function joined(...words: readonly Words[]): Words {
  if (words.every(one => typeof one === 'string')) return words.join('')
  return words.flatMap(one => (typeof one === 'string' ? [one] : one))
}
