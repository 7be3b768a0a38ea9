/**
 * Splits a pasted shell command into words, as bash does: quotes of all three kinds, escapes, and lines continued with a
 * backslash. It refuses everything that a shell would run, redirect or expand: read as plain words, it could send a
 * secret to the wrong place. Messages give the position and never the text, which may be a secret.
 */
import { ansiC } from './ansi-c.ts'
import { UsageError } from '../usage-error.ts'

/** Bytes if the word is not valid UTF-8: `$'\xff'`. */
export type Word = string | Uint8Array

/** A `$` that starts an expansion of the shell. */
const EXPANDED = /^\$[\w{([@*#?$!-]/
const QUOTE_IT = "Put the word into single quotes ('…')"
const WINDOWS =
  "This is a command for Windows (cmd.exe). Copy it with 'Copy as cURL (bash)' or '(POSIX)', or write it with single quotes."

/** Shell operators, how a message calls each, and its remedy. */
const SHELL_OPERATORS: readonly (readonly [RegExp, string, string])[] = [
  [/^\|\|?/, 'a pipe', 'Leave it out; use --select, or a pipe after preq.'],
  [/^(?:&&|;)/, 'a second command', 'Paste one command at a time.'],
  [/^&/, "an '&' outside of quotes", 'Put the URL into single quotes, or paste one command at a time.'],
  [/^[<>]/, 'a redirection', 'Leave it out; preq writes to FILE with -o FILE.'],
  [/^[()]/, 'a parenthesis outside of quotes', `${QUOTE_IT}.`],
  [/^`/, 'a command in backticks', 'Write its result.'],
]

export function shellWords(text: string): Word[] {
  if (text.includes('\uFFFD')) {
    throw new UsageError("--curl: expected text, got bytes that are not UTF-8. Write them as $'\\xff', or as a file.")
  }
  const words: Word[] = []
  let word: WordBuilder | undefined
  let at = 0
  const refuse = (what: string, remedy: string): never => {
    throw new UsageError(`--curl: expected one command, got ${what} ${shownPosition(text, at)}. ${remedy}`)
  }
  const end = (): void => {
    if (word !== undefined) words.push(word.read(refuse))
    word = undefined
  }
  while (at < text.length) {
    const rest = text.slice(at, at + 3)
    const [letter = ''] = rest
    if (letter === ' ' || letter === '\t') {
      end()
      at++
      continue
    }
    if (isLineEnd(text, at)) {
      const left = text.slice(at).trim()
      if (left === '') break
      refuse(
        'a second line',
        "End each line of a command but its last with a backslash ('\\'), or paste one at a time.",
      )
    }
    if (/^\\\r?\n/.test(rest)) {
      at += rest.indexOf('\n') + 1
      continue
    }
    if (/^[;&]/.test(letter) && text.slice(at + 1).trim() === '') break
    if (letter === '#' && word === undefined) refuse('a comment', 'Leave it out.')
    for (const [pattern, what, remedy] of SHELL_OPERATORS) if (pattern.test(rest)) refuse(what, remedy)
    word ??= new WordBuilder()
    at = takePiece(text, at, word, refuse)
  }
  end()
  return words
}

type Refuse = (what: string, remedy: string) => never

/** Builds one word. */
class WordBuilder {
  readonly #pieces: (string | Uint8Array)[] = []
  /** The text outside of quotes, with a `q` for each quoted part. */
  #bare = ''

  quoted(...pieces: readonly (string | Uint8Array)[]): void {
    this.#pieces.push(...pieces)
    this.#bare += 'q'
  }

  bare(text: string): void {
    this.#pieces.push(text)
    this.#bare += text
  }

  read(refuse: Refuse): Word {
    const bare = this.#bare
    if (/\{[^{}]*(?:,|\.\.)[^{}]*\}/.test(bare)) refuse('{…} outside of quotes, which a shell expands', `${QUOTE_IT}.`)
    if (/(?:^|[=:])~/.test(bare)) refuse("a '~', which a shell expands", 'Write the path.')
    // In a word with `/`, `=` or `:`, probably a URL or an option, the pattern matches no file in practice.
    if (/[*?[]/.test(bare) && !/[/=:]/.test(bare)) refuse('a pattern of file names', `${QUOTE_IT}.`)
    if (/[“”‘’]/.test(bare)) refuse('a typographic quote', 'Write \' or ".')
    if (/^[\u2010-\u2015\u2212]/.test(bare)) refuse('a typographic dash', 'Write -.')
    return joinedWord(this.#pieces)
  }
}

/** The pieces as one word. */
export function joinedWord(pieces: readonly Word[]): Word {
  if (pieces.every(piece => typeof piece === 'string')) return pieces.join('')
  return textIfAny(Buffer.concat(pieces.map(piece => Buffer.from(piece))))
}

/** Text if the bytes are valid UTF-8, so that sending it gives the same bytes; the bytes otherwise. */
export function textIfAny(bytes: Uint8Array): Word {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return bytes
  }
}

/** Adds the piece that begins at `at` to the word. Returns the position after it. */
function takePiece(text: string, at: number, word: WordBuilder, refuse: Refuse): number {
  const rest = text.slice(at)
  if (/^\^["^\\&%{}\r\n]/.test(rest)) refuse("a '^'", WINDOWS)
  const [letter = ''] = rest
  if (letter === "'") return takeSingle(rest, at, word)
  if (letter === '"') return takeDouble(rest, at, word, refuse)
  if (rest.startsWith("$'")) return takeAnsiC(rest, at, word)
  if (rest.startsWith('$"')) refuse('$"…"', 'Leave out the $.')
  if (EXPANDED.test(rest)) refuse("a '$…', which a shell expands", VARIABLE)
  if (letter === '\\') {
    if (/^\\[ \t]+\r?\n/.test(rest)) refuse('a blank after the backslash at the end of a line', 'Remove the blank.')
    const escaped = /^\\([^])/u.exec(rest)?.[1]
    if (escaped === undefined) return refuse('a backslash at its end', 'Paste the whole command.')
    word.quoted(escaped)
    return at + 1 + escaped.length
  }
  const [plain = letter] = /^(?:[^\s'"\\$`;&|<>()^\p{Cc}\p{Cf}\p{Z}]+|[$^])/u.exec(rest) ?? []
  if (/^[\s\p{Cc}\p{Cf}\p{Z}]/u.test(plain))
    refuse('an invisible character other than a space', 'Write a space, or remove it.')
  word.bare(plain)
  return at + plain.length
}

const VARIABLE =
  "Write its value, put the word into single quotes if the '$' is literal, or give a secret with --bearer env:NAME."

function takeSingle(rest: string, at: number, word: WordBuilder): number {
  const end = rest.indexOf("'", 1)
  if (end === -1) throw openQuote()
  word.quoted(rest.slice(1, end))
  return at + end + 1
}

function takeAnsiC(rest: string, at: number, word: WordBuilder): number {
  const inside = upTo("'", rest, 2)
  word.quoted(...ansiC(inside))
  return at + inside.length + 3
}

function takeDouble(rest: string, at: number, word: WordBuilder, refuse: Refuse): number {
  const inside = upTo('"', rest, 1)
  if (/\^(?:[&%{}]|\r?\n|\\\^|$)/.test(inside)) refuse("a '^'", WINDOWS)
  // `""` inside of quotes is a literal quote in cmd.exe and nothing in a shell.
  if (rest[inside.length + 2] === '"') refuse('two double quotes in a row', WINDOWS)
  const plain = inside.replaceAll(/\\(?:(\r?\n)|([\\"$`]))/g, (_whole, line?: string, letter?: string) =>
    line === undefined ? (letter ?? '') : '',
  )
  const unescaped = inside.replaceAll(/\\[^]/g, '__')
  if (unescaped.includes('`')) refuse('a command in backticks', 'Write its result.')
  if (/\$[\w{([@*#?$!-]/.test(unescaped)) refuse("a '$…' in double quotes, which a shell expands", VARIABLE)
  word.quoted(plain)
  return at + inside.length + 2
}

/** The text from position `from` to the next unescaped quote. */
function upTo(quote: string, rest: string, from: number): string {
  for (let at = from; at < rest.length; at++) {
    if (rest[at] === quote) return rest.slice(from, at)
    if (rest[at] === '\\') at++
  }
  throw openQuote()
}

const openQuote = (): UsageError =>
  new UsageError('--curl: expected quotes in pairs, got an open one. Paste the whole command.')

const isLineEnd = (text: string, at: number): boolean =>
  text[at] === '\n' || (text[at] === '\r' && text[at + 1] === '\n')

function shownPosition(text: string, at: number): string {
  const lines = text.slice(0, at).split('\n')
  const column = (lines.at(-1)?.length ?? 0) + 1
  return lines.length === 1 ? `at character ${column}` : `at line ${lines.length}, character ${column}`
}
