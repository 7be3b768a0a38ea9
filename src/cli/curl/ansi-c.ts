/**
 * Decodes the inside of `$'…'` to text, or to bytes where an escape stands for a byte. Follows bash in a UTF-8 locale: an
 * unknown escape keeps its backslash. Refuses two kinds of escapes that bash turns into wrong text: half of a surrogate
 * pair, which bash encodes by itself, and a NUL, at which bash drops the rest.
 */
import { UsageError } from '../usage-error.ts'

const ESCAPE =
  /\\(?:([abeEfnrtv\\'"?])|([0-7]{1,3})|x([\da-fA-F]{1,2})|u([\da-fA-F]{1,4})|U([\da-fA-F]{1,8})|c([A-Za-z])|([cx])|[^])/g

const LETTERS: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  e: '\u001B',
  E: '\u001B',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** Returns the decoded pieces, in order. */
export function ansiC(text: string): (string | Uint8Array)[] {
  const pieces: (string | Uint8Array)[] = []
  let from = 0
  for (const match of text.matchAll(ESCAPE)) {
    pieces.push(text.slice(from, match.index))
    pieces.push(escaped(match))
    from = match.index + match[0].length
  }
  return [...pieces, text.slice(from)]
}

function escaped([whole, letter, octal, hex, u, long, control, odd]: RegExpExecArray): string | Uint8Array {
  if (letter !== undefined) return LETTERS[letter] ?? letter
  if (octal !== undefined) return byteOf(Number.parseInt(octal, 8) & 0xff)
  if (hex !== undefined) return byteOf(Number.parseInt(hex, 16))
  const code = u ?? long
  if (code !== undefined) return letterOf(Number.parseInt(code, 16))
  if (control !== undefined) return String.fromCodePoint(control.charCodeAt(0) & 0x1f)
  if (odd !== undefined) throw refusedEscape(`\\${odd}`, 'Write the character itself.')
  return whole
}

function byteOf(byte: number): string | Uint8Array {
  if (byte === 0) throw refusedEscape('a NUL', 'Give the bytes with --body @FILE.')
  return byte < 0x80 ? String.fromCodePoint(byte) : Uint8Array.of(byte)
}

function letterOf(code: number): string {
  if (code === 0) throw refusedEscape('a NUL', 'Give the bytes with --body @FILE.')
  // Chrome writes an emoji as two surrogates. Bash encodes each as three bytes, and the six bytes are not valid UTF-8.
  if (code >= 0xd800 && code <= 0xdfff) {
    throw refusedEscape(`half of an emoji (\\u${code.toString(16)})`, 'Write the character itself.')
  }
  if (code > 0x10ffff) throw refusedEscape('a number above U+10FFFF', 'Write the character itself.')
  return String.fromCodePoint(code)
}

const refusedEscape = (what: string, remedy: string): UsageError =>
  new UsageError(`--curl: expected escapes in $'…' that stand for characters, got ${what}. ${remedy}`)
