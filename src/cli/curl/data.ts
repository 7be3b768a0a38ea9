/**
 * Joins `-d` and the related options to one text or byte array, as curl does: in the order of the command, with `&` before
 * each but the first and `--json`. `-d @FILE` drops line ends; `--data-binary @FILE` and `--json @FILE` keep every byte.
 */
import { curlFile } from './files.ts'
import type { Given } from './arguments.ts'
import { joinedWord, textIfAny } from './words.ts'
import type { Word } from './words.ts'
import { UsageError } from '../usage-error.ts'
import { AT_SIGN, CR, LF } from '../../core/ascii.ts'

const NAMES: ReadonlySet<string> = new Set(['data', 'data-ascii', 'data-raw', 'data-binary', 'data-urlencode', 'json'])

/** Undefined if the command has no such option. */
export function curlData(options: readonly Given[], hasRows: boolean): Word | undefined {
  const pieces: Word[] = []
  for (const { name, value } of options) {
    if (!NAMES.has(name)) continue
    if (pieces.length > 0 && name !== 'json') pieces.push('&')
    pieces.push(pieceOf(name, value, hasRows))
  }
  return pieces.length === 0 ? undefined : joinedWord(pieces)
}

function pieceOf(name: string, value: Word, hasRows: boolean): Word {
  if (name === 'data-urlencode') return urlEncoded(value, '--data-urlencode', hasRows)
  if (name === 'data-raw' || !namesFile(value)) return value
  const bytes = curlFile(wordText(value, `--${name}`).slice(1), `--${name}`)
  if (name !== 'data' && name !== 'data-ascii') return textIfAny(bytes)
  // Versions of curl differ in what they send of a file after a NUL.
  if (bytes.includes(0))
    throw new UsageError(`--curl: --${name}: expected a text, got a file with NULs. Use --data-binary.`)
  return textIfAny(bytes.filter(byte => byte !== LF && byte !== CR))
}

const namesFile = (value: Word): boolean => (typeof value === 'string' ? value.startsWith('@') : value[0] === AT_SIGN)

/** Reads `content`, `=content`, `name=content`, `@file` and `name@file`. Encodes everything except the name. */
export function urlEncoded(value: Word, option: string, hasRows: boolean): string {
  const text = Buffer.from(value).toString('latin1')
  const at = text.includes('=') ? text.indexOf('=') : text.indexOf('@')
  const name = at === -1 ? '' : text.slice(0, at)
  const rest = text.slice(at + 1)
  const isOfFile = at !== -1 && text[at] === '@'
  const content = isOfFile ? Buffer.from(curlFile(latin1AsText(rest), option)).toString('latin1') : rest
  if (hasRows && /\{[^{}\s"]+\}/.test(content)) {
    throw new UsageError(
      `--curl: ${option}: expected no braces beside -i, got some: they would be encoded before a column is filled in. ` +
        "Write it as -d 'name={column}', whose cells are encoded.",
    )
  }
  return `${name === '' ? '' : `${latin1AsText(name)}=`}${encoded(content)}`
}

const latin1AsText = (text: string): string => {
  const word = textIfAny(Buffer.from(text, 'latin1'))
  if (typeof word === 'string') return word
  throw new UsageError('--curl: --data-urlencode: expected a name in UTF-8, got other bytes. Write it as text.')
}

/**
 * Percent-encodes bytes, given as Latin-1, as curl does: a space becomes `+`, and only the unreserved characters of
 * RFC 3986 stay.
 */
export function encoded(latin1: string): string {
  return latin1.replaceAll(/[^A-Za-z\d\-._~]/g, letter =>
    letter === ' ' ? '+' : `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** @param option its name, for the message */
export function wordText(value: Word, option: string): string {
  if (typeof value === 'string') return value
  throw new UsageError(`--curl: ${option}: expected text, got bytes that are not UTF-8. Write it as text.`)
}
