/**
 * A text in any of the ways in which servers print it: percent-encoded, as part of JSON, of HTML or of a string in quotes,
 * some of these one in the other, and as base64. Letters and digits are found as they are: no escape is needed for them.
 */
import { latin1 } from './latin1.ts'

/** Other characters than letters and digits in a pattern, so that it stays small. A longer text is found in pieces. */
const MOST_SPECIAL = 64
/** A server may set a cookie that is as long as its headers: what is behind these pieces of it is found as it is. */
const MOST_PIECES = 16
const PLAIN = /^[A-Za-z0-9]$/

export class EscapedText {
  readonly #pieces: readonly Piece[]
  /** What no escape changes. */
  readonly #asIs: string[]

  /** @param text should have four characters or more: a shorter one is part of many words */
  constructor(text: string) {
    const pieces = piecesOf(text)
    this.#pieces = pieces.slice(0, MOST_PIECES).map(piece => new Piece(piece))
    this.#asIs = base64Of(text)
    if (pieces.length > MOST_PIECES) this.#asIs.push(pieces.slice(MOST_PIECES).join(''))
  }

  isIn(text: string): boolean {
    return this.#pieces.some(piece => piece.isIn(text)) || this.#asIs.some(encoded => text.includes(encoded))
  }

  /** Replaces it wherever it is. */
  replacedIn(text: string, by: string): string {
    let clean = text
    for (const one of this.#asIs) if (clean.includes(one)) clean = clean.replaceAll(one, by)
    for (const piece of this.#pieces) clean = piece.replacedIn(clean, by)
    return clean
  }

  /** Where the beginning of it begins with which the text ends; the length of the text if it does not end like that. */
  begunIn(text: string): number {
    return Math.min(
      ...this.#pieces.map(piece => piece.begunIn(text)),
      ...this.#asIs.map(encoded => begunIn(text, encoded)),
    )
  }
}

/** A part of a text: all of it, mostly. */
class Piece {
  readonly #text: string
  readonly #characters: readonly string[]
  /** A part of it that no escape changes, which is looked for first. */
  readonly #plain: string
  #pattern: RegExp | undefined

  constructor(text: string) {
    this.#text = text
    // A run of backslashes is one of them: each may be doubled, and a pattern must not try every division of a run.
    this.#characters = text.match(/\\+|[^]/gu) ?? []
    this.#plain = (text.match(/[A-Za-z0-9]+/g) ?? ['']).reduce((best, run) => (run.length > best.length ? run : best))
  }

  isIn(text: string): boolean {
    return text.includes(this.#plain) && text.search(this.#whole()) !== -1
  }

  replacedIn(text: string, by: string): string {
    return text.includes(this.#plain) ? text.replace(this.#whole(), by) : text
  }

  begunIn(text: string): number {
    return Math.min(begunIn(text, this.#text), this.#escapedBegunIn(text))
  }

  #escapedBegunIn(text: string): number {
    const [first = ''] = this.#characters
    for (let at = Math.max(0, text.length - this.#characters.length * LONGEST_ESCAPE); at < text.length; at++) {
      if ((text[at] === first || ESCAPES.has(text[at] as string)) && this.#reachesEnd(text, at)) return at
    }
    return text.length
  }

  /** Whether the text goes on like this piece from here to its end. */
  #reachesEnd(text: string, start: number): boolean {
    let at = start
    for (const character of this.#characters) {
      if (at >= text.length) return true
      if (at > start && ESCAPES.has(text[at] as string) && isCutEscape(text, at)) return true
      const pattern = stickyOf(character)
      pattern.lastIndex = at
      if (!pattern.test(text)) return false
      at = pattern.lastIndex
    }
    // It ends with the piece, or has more behind it: the whole piece is found by other means.
    return false
  }

  #whole(): RegExp {
    return (this.#pattern ??= new RegExp(this.#characters.map(patternOf).join(''), 'gu'))
  }
}

function piecesOf(text: string): string[] {
  const pieces: string[] = []
  let [piece, special] = ['', 0]
  for (const character of text) {
    piece += character
    if (!PLAIN.test(character) && ++special === MOST_SPECIAL) {
      pieces.push(piece)
      ;[piece, special] = ['', 0]
    }
  }
  // A rest that is too short would be found in many words.
  if (pieces.length === 0 || piece.length >= 8) pieces.push(piece)
  return pieces
}

/** What an escape begins with. */
const ESCAPES: ReadonlySet<string> = new Set(['%', '&', '\\', '+'])

/** Longer than any escape of a character that has not ended. */
const LONGEST_ESCAPE = 48
const CUT_ESCAPE = /^(?:%[%\da-f]*|\\+[ux]?[\da-f]*|&(?:amp;)*[#\w]*)$/i

const isCutEscape = (text: string, at: number): boolean =>
  text.length - at <= LONGEST_ESCAPE && CUT_ESCAPE.test(text.slice(at))

function begunIn(text: string, encoded: string): number {
  for (let size = Math.min(encoded.length - 1, text.length); size > 0; size--) {
    if (text.endsWith(encoded.slice(0, size))) return text.length - size
  }
  return text.length
}

const NAMED: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
  '/': 'sol',
  '+': 'plus',
  '=': 'equals',
  ':': 'colon',
  ' ': 'nbsp',
}

const stickies = new Map<string, RegExp>()

function stickyOf(character: string): RegExp {
  let sticky = stickies.get(character)
  if (sticky === undefined) {
    if (stickies.size > 1_000) stickies.clear()
    stickies.set(character, (sticky = new RegExp(patternOf(character), 'uy')))
  }
  return sticky
}

/** The pattern of one character. An escape may itself be escaped, up to three times. */
function patternOf(character: string): string {
  if (PLAIN.test(character)) return character
  if (character.startsWith('\\')) return patternOfBackslashes(character.length)
  const code = character.codePointAt(0) as number
  const units = Array.from({ length: character.length }, (_, at) => hex(character.charCodeAt(at), 4))
  const bytes = Array.from(new TextEncoder().encode(character), byte => hex(byte, 2))
  const named = NAMED[character]
  const ways = [
    bytes.map(byte => `%(?:25){0,3}${byte}`).join(''),
    units.map(unit => String.raw`\\{1,8}u${unit}`).join(''),
    `&(?:amp;){0,3}(?:#0{0,6}${code}|#[xX]0{0,6}${hex(code, 1)}${named === undefined ? '' : `|${named}`});`,
  ]
  if (code < 256) ways.push(String.raw`\\{1,8}x${hex(code, 2)}`)
  if (code > 127 && code < 256) ways.push(`%(?:25){0,3}${hex(code, 2)}`)
  if (character === ' ') ways.push(String.raw`\+`)
  // As it is, at last: an escape may begin with it.
  ways.push(String.raw`\\{0,8}\u{${code.toString(16)}}`)
  return `(?:${ways.join('|')})`
}

const patternOfBackslashes = (count: number): string =>
  String.raw`(?:(?:%(?:25){0,3}5[cC]|&(?:amp;){0,3}#(?:0{0,6}92|[xX]0{0,6}5[cC]);){${count}}|\\{${count},${16 * count}})`

/** In either case. */
const hex = (code: number, digits: number): string =>
  code
    .toString(16)
    .padStart(digits, '0')
    .replace(/[a-f]/g, letter => `[${letter}${letter.toUpperCase()}]`)

/** Fewer characters of base64 say little. */
const SHORTEST_BASE64 = 8

/** Its three forms, since it may begin at any byte of a longer text; without what the bytes beside it decide. */
function base64Of(text: string): string[] {
  const bytes = latin1(new TextEncoder().encode(text))
  const whole = btoa(bytes)
  const found = new Set(whole.length < SHORTEST_BASE64 ? [] : [whole, whole.replaceAll('+', '-').replaceAll('/', '_')])
  for (const before of [0, 1, 2]) {
    const padded = btoa('\0'.repeat(before) + bytes).replace(/=+$/, '')
    // The first and the last character also depend on the bytes beside the text.
    const known = padded.slice(before === 0 ? 0 : before + 1, (before + bytes.length) % 3 === 0 ? undefined : -1)
    if (known.length < SHORTEST_BASE64) continue
    found.add(known)
    found.add(known.replaceAll('+', '-').replaceAll('/', '_'))
  }
  return [...found]
}
