/**
 * Messages as data: text with references to options. The library calls an option `maxRedirects` and the command line
 * calls it `--max-redirects`, so a message refers to the option and gets its name when it is printed.
 */

/** An option, or one of its fields: `maxRedirects`, `retry.maxRetryAfter`. */
export interface OptionRef {
  readonly option: string
  /** The option with this value: `unknownWrites: 'resend'`. */
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

/** The names of options where the message is read. */
export interface Vocabulary {
  option(ref: OptionRef): string
  /** The name of the option at the start of a subject; any other text unchanged: `urls[3].body`. */
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

/** Sets the vocabulary of this process. The command line calls it once, before it prints anything. */
export function speak(vocabulary: Vocabulary): void {
  spoken = vocabulary
}

export const spokenHere = (): Vocabulary => spoken

/** The message as text, in the vocabulary of this process or in the given one. */
export function say(words: Words, vocabulary = spoken): string {
  if (typeof words === 'string') return words
  // Omitted advice leaves the space before it.
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

/** Joins messages; the result is a string if all of them are. */
export function joined(...words: readonly Words[]): Words {
  if (words.every(one => typeof one === 'string')) return words.join('')
  return words.flatMap(one => (typeof one === 'string' ? [one] : one))
}
