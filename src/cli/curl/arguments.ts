/** Splits the words after `curl` into options and URLs, as curl does. Throws for an option that `options.ts` refuses. */
import { CURL_OPTIONS, longOption, shortOption } from './options.ts'
import type { CurlOption } from './options.ts'
import type { Word } from './words.ts'
import { UsageError } from '../usage-error.ts'
import { nearest } from '../../config/names.ts'

export interface Given {
  /** The long name, without dashes. */
  readonly name: string
  /** Empty if the option takes no value. */
  readonly value: Word
}

export interface CurlArguments {
  /** The options that preq reads, in the order of the command. */
  readonly options: readonly Given[]
  readonly urls: readonly Word[]
  /** Ignored options that would change the output, as written: `-o`. */
  readonly noted: readonly string[]
}

export function curlArguments(words: readonly Word[]): CurlArguments {
  const options: Given[] = []
  const urls: Word[] = []
  const noted = new Set<string>()
  const left = [...words]
  const take = (option: CurlOption, written: string, attached?: string | Uint8Array): void => {
    const value = option.takes ? (attached ?? left.shift()) : ''
    if (value === undefined)
      throw new UsageError(`--curl: ${written}: expected a value after it, got none. Paste the whole command.`)
    if (typeof option.treatment === 'object') throw refusedOption(written, option.treatment.remedy)
    if (option.treatment === 'noted') noted.add(written)
    if (option.treatment !== 'read') return
    if (option.name === 'url') urls.push(value)
    else options.push({ name: option.name, value })
  }
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    if (typeof word !== 'string')
      throw new UsageError('--curl: expected text, got a word that is not UTF-8. Write it as text.')
    if (word === '--') urls.push(...left.splice(0))
    else if (word.startsWith('--')) take(known(longOption(word.slice(2)), word), word)
    else if (word.startsWith('-')) takeShort(word, take)
    else urls.push(word)
  }
  return { options, urls, noted: [...noted] }
}

/** `-sSLd x`, `-XPOST` */
function takeShort(word: string, take: (option: CurlOption, written: string, attached?: string) => void): void {
  if (word === '-') throw unknown(word)
  for (let at = 1; at < word.length; at++) {
    const letter = word[at] as string
    const option = known(shortOption(letter), `-${letter}`)
    const attached = word.slice(at + 1)
    take(option, `-${letter}`, attached === '' ? undefined : attached)
    if (option.takes) return
  }
}

function known(option: CurlOption | undefined, written: string): CurlOption {
  if (option === undefined) throw unknown(written)
  return option
}

/** Omits the part after `=` from the message, because it may be a secret. */
function unknown(written: string): UsageError {
  const name = written.replace(/=[^]*$/, '')
  if (name !== written && longOption(name.slice(2))?.takes === true) {
    return new UsageError(`--curl: ${name}: expected its value as a separate word, got it after '='. Write a space.`)
  }
  const near = nearest(
    name,
    CURL_OPTIONS.map(option => `--${option.name}`),
  )
  const remedy = near === undefined ? 'Leave it out.' : `Did you mean '${near}'?`
  return new UsageError(`--curl: expected options of curl, got ${name}. ${remedy}`)
}

const refusedOption = (written: string, remedy: string): UsageError =>
  new UsageError(`--curl: expected options that preq supports, got ${written}. ${remedy}`)
