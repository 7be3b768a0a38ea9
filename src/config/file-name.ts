/**
 * Makes a safe file name of any text: always a single name inside its folder, on every system, and the same for the
 * same text. Forbidden characters are percent-encoded, so two different texts give two names.
 */
import { createHash } from 'node:crypto'

// Separators, characters that Windows forbids, control characters, our escape character, and characters that are
// invisible or reverse text.
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const FORBIDDEN = /[\x00-\x1f\x7f-\x9f/\\:*?"<>|%\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu
/** Device names of Windows, with any ending. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(?:\.|$)/i
/** File systems take 255; a number may be added. */
const MAX_NAME_BYTES = 200
const EXTENSION = /\.[A-Za-z0-9]{1,10}$/

/** Never begins with a dot: those names are for unfinished files. */
export function safeName(given: string): string {
  const whole = given.toWellFormed()
  // Only the beginning of a long name is kept anyway, and escaping a megabyte would take long.
  const isLong = whole.length > MAX_NAME_BYTES
  const name = escapedName(isLong ? whole.slice(0, MAX_NAME_BYTES).toWellFormed() : whole)
  if (name === '') return '_'
  const free = RESERVED.test(name) ? `_${name}` : name
  return isLong || Buffer.byteLength(free) > MAX_NAME_BYTES ? shortened(free, whole) : free
}

const escapedName = (name: string): string =>
  name.replaceAll(FORBIDDEN, escape).replace(/^\./, '%2E').replace(/[. ]$/, escape)

/** The last segment of the URL's path, for a file without another name. Not safe yet. */
export function nameOfUrl(path: string): string {
  const segment = path.replace(/\?.*$/s, '').split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(segment) || 'index'
  } catch {
    return segment
  }
}

/** A safe name that no unfinished file has. */
export function savedName(given: string): string {
  return safeName(given).replace(/\.part$/i, end => `%2E${end.slice(1)}`)
}

/** `a.json`, 7 → `a~7.json`. */
export function numbered(name: string, number: number): string {
  const extension = EXTENSION.exec(name)?.[0] ?? ''
  return `${name.slice(0, name.length - extension.length)}~${number}${extension}`
}

/** Equal for names that some file systems treat as the same: of different case, or in another Unicode composition. */
export function foldedName(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase()
}

/** Whether it has a file extension such as `.png`. */
export function hasExtension(name: string): boolean {
  return EXTENSION.test(name)
}

function escape(character: string): string {
  return [...Buffer.from(character)].map(byte => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}

/** The beginning of the name, and a hash that distinguishes it from other long names. */
function shortened(name: string, whole: string): string {
  const extension = EXTENSION.exec(whole.slice(-MAX_NAME_BYTES))?.[0] ?? ''
  const ending = `~${createHash('sha256').update(whole).digest('hex').slice(0, 16)}${extension}`
  const start = Buffer.from(name).subarray(0, MAX_NAME_BYTES - ending.length)
  // Drops a character that was cut in two.
  return new TextDecoder().decode(start, { stream: true }) + ending
}
