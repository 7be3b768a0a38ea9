/**
 * A name for a file made of a name that may come from anywhere: always one name inside its folder, on every system,
 * the same for the same input. What is not allowed is percent-encoded, so two names stay two.
 */
import { createHash } from 'node:crypto'

// Separators, what Windows forbids, control characters, our own escape; and what hides or turns text around.
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const FORBIDDEN = /[\x00-\x1f\x7f-\x9f/\\:*?"<>|%\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu
/** Devices of Windows, with any ending. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(?:\.|$)/i
/** File systems take 255; a number may be added. */
const MAX_NAME_BYTES = 200
const EXTENSION = /\.[A-Za-z0-9]{1,10}$/

/** Never begins with a dot: those names are for files in the making. */
export function safeName(given: string): string {
  const whole = given.toWellFormed()
  // Of what is longer in any case only the beginning shows: escaping a megabyte of it would take long.
  const isLong = whole.length > MAX_NAME_BYTES
  const name = escapedName(isLong ? whole.slice(0, MAX_NAME_BYTES).toWellFormed() : whole)
  if (name === '') return '_'
  const free = RESERVED.test(name) ? `_${name}` : name
  return isLong || Buffer.byteLength(free) > MAX_NAME_BYTES ? shortened(free, whole) : free
}

const escapedName = (name: string): string =>
  name.replaceAll(FORBIDDEN, escape).replace(/^\./, '%2E').replace(/[. ]$/, escape)

/** Where nothing else names it: the end of the path of its URL. Not safe yet. */
export function nameOfUrl(path: string): string {
  const segment = path.replace(/\?.*$/s, '').split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(segment) || 'index'
  } catch {
    return segment
  }
}

/** Safe, and never one that a file in the making has. */
export function savedName(given: string): string {
  return safeName(given).replace(/\.part$/i, end => `%2E${end.slice(1)}`)
}

/** `a.json`, 7 → `a~7.json`. */
export function numbered(name: string, number: number): string {
  const extension = EXTENSION.exec(name)?.[0] ?? ''
  return `${name.slice(0, name.length - extension.length)}~${number}${extension}`
}

/** The same for names that some file system takes for one: of different case, or composed otherwise. */
export function foldedName(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase()
}

/** Whether it ends as file names do: in `.png` and the like. */
export function hasExtension(name: string): boolean {
  return EXTENSION.test(name)
}

function escape(character: string): string {
  return [...Buffer.from(character)].map(byte => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}

/** The beginning of the name, and what tells the whole of it from others. */
function shortened(name: string, whole: string): string {
  const extension = EXTENSION.exec(whole.slice(-MAX_NAME_BYTES))?.[0] ?? ''
  const ending = `~${createHash('sha256').update(whole).digest('hex').slice(0, 16)}${extension}`
  const start = Buffer.from(name).subarray(0, MAX_NAME_BYTES - ending.length)
  // A character that the cut went through is left out.
  return new TextDecoder().decode(start, { stream: true }) + ending
}
