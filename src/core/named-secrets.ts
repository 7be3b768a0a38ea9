/** A text without the values of names that suggest a secret, in JSON, forms, queries and lines of headers. */
import { REDACTED, isSecretName, isSecretQueryName } from './headers.ts'

/** Takes time in proportion to the text. */
export const withoutNamed = (text: string, secretNames: ReadonlySet<string> | undefined): string =>
  withoutQuoted(withoutPairs(withoutHeaderLines(text, secretNames), secretNames), secretNames)

const HEADER_LINE = /^((?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{1,80})(:[ \t]*)\S.*$/gim

function withoutHeaderLines(text: string, secretNames: ReadonlySet<string> | undefined): string {
  return text.replace(HEADER_LINE, (line, name: string, colon: string) =>
    isSecretName(name, secretNames) ? `${name}${colon}${REDACTED}` : line,
  )
}

const PAIR = /([?&;\s"'(,>]|^)([\w.%[\]-]{1,80})=([^&\s"'<>;,)]+)/g

function withoutPairs(text: string, secretNames: ReadonlySet<string> | undefined): string {
  return text.replace(PAIR, (pair, before: string, name: string) => {
    const isQuery = before === '?' || before === '&'
    const isSecret = (isQuery ? isSecretQueryName : isSecretName)(decoded(name), secretNames)
    return isSecret ? `${before}${name}=${REDACTED}` : pair
  })
}

/**
 * A name in quotes and what is between it and its value. JSON inside of JSON has backslashes before its quotes, and JSON
 * inside of HTML has other ones.
 */
const QUOTED_NAME =
  /(\\{0,8}["']|\\{1,8}u002[27]|\\{0,8}&(?:amp;){0,3}(?:quot|apos|#0{0,3}3[49]|#[xX]0{0,3}2[27]);)([\w.[\]-]{1,80})\1\s{0,40}[:=]\s{0,40}/g
const NUMBER = /-?\d[\d.eE+-]*/y

function withoutQuoted(text: string, secretNames: ReadonlySet<string> | undefined): string {
  const names = new RegExp(QUOTED_NAME)
  let clean = ''
  let from = 0
  for (let found = names.exec(text); found !== null; found = names.exec(text)) {
    const [, quote = '', name = ''] = found
    if (!isSecretName(name, secretNames)) continue
    const start = names.lastIndex
    const end = endOfValue(text, start, quote)
    if (end === start) continue
    const isQuoted = text.startsWith(quote, start)
    clean += text.slice(from, start) + (isQuoted ? `${quote}${REDACTED}${quote}` : `"${REDACTED}"`)
    names.lastIndex = from = end
  }
  return from === 0 ? text : clean + text.slice(from)
}

/** Where the string or the number that begins here ends; the same place if neither begins here. */
function endOfValue(text: string, start: number, quote: string): number {
  if (!text.startsWith(quote, start)) {
    NUMBER.lastIndex = start
    return NUMBER.test(text) ? NUMBER.lastIndex : start
  }
  for (let at = start + quote.length; at < text.length; at++) {
    if (text.startsWith(quote, at)) return at + quote.length
    if (text[at] === '\\') at++
  }
  return text.length
}

export function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
