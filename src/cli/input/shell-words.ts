/**
 * A pasted shell command → its words, as bash splits them: quotes of all three kinds (browsers paste `$'…'`), escapes,
 * and lines continued with a backslash. Expands nothing: a `$NAME` stays what it is. Undefined for an open quote.
 */
export function shellWords(text: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let at = 0
  const take = (letters: string): void => void (word = (word ?? '') + letters)
  while (at < text.length) {
    const rest = text.slice(at)
    const [whole = '', kind] = TOKEN.exec(rest) ?? []
    if (whole === '') return undefined
    at += whole.length
    if (kind !== undefined) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (whole === '\\\n' || whole === '\\\r\n') continue
    else if (whole.startsWith("$'")) take(ansiC(whole.slice(2, -1)))
    else if (whole.startsWith("'")) take(whole.slice(1, -1))
    else if (whole.startsWith('"')) take(whole.slice(1, -1).replaceAll(/\\(?:\r?\n|([\\"$`]))/g, '$1'))
    else if (whole.startsWith('\\')) take(whole.slice(1))
    else take(whole)
  }
  if (word !== undefined) words.push(word)
  return words
}

/** The next piece of a word, or the space between two. */
const TOKEN = /^(?:(\s+)|\\\r?\n|\$'(?:[^'\\]|\\[^])*'|'[^']*'|"(?:[^"\\]|\\[^])*"|\\[^]|(?:\$(?!')|[^\s'"\\$])+)/

const LETTERS: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\u0007',
  b: '\b',
  e: '\u001B',
  f: '\f',
  v: '\v',
}

function ansiC(text: string): string {
  return text.replaceAll(/\\(?:u([\da-f]{1,4})|U([\da-f]{1,8})|x([\da-f]{1,2})|([0-7]{1,3})|([^]))/gi, (...match) => {
    const [, u, long, x, octal, letter] = match as (string | undefined)[]
    const hex = u ?? long ?? x
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8))
    return LETTERS[letter as string] ?? (letter as string)
  })
}
