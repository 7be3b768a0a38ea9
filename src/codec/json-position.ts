/**
 * Where a text stops being valid JSON (RFC 8259). Used only after `JSON.parse` has refused it. V8 gives the position in
 * some of its messages only, and quotes the text in others, so reading the position from the message may find nothing,
 * or a number from the text itself.
 *
 * Without recursion: deep nesting costs memory, never the stack.
 */

/** Index of the first character that is not valid there; the length of the text if only the end is missing. */
export function jsonErrorPosition(text: string): number {
  const open: ('{' | '[')[] = []
  let expected: 'value' | 'value or ]' | 'name' | 'name or }' | 'separator' = 'value'
  let at = 0
  for (;;) {
    at = skip(BLANK, text, at)
    if (at >= text.length) return text.length
    const char = text[at] as string
    const inside = open.at(-1)
    if (expected === 'separator') {
      if (inside === undefined) return at
      if (char === ',') expected = inside === '{' ? 'name' : 'value'
      else if (char === CLOSING[inside]) open.pop()
      else return at
      at++
    } else if (expected === 'name' || expected === 'name or }') {
      if (char === '}' && expected === 'name or }') {
        open.pop()
        expected = 'separator'
        at++
        continue
      }
      if (char !== '"') return at
      const end = stringEnd(text, at)
      if (!end.whole) return end.at
      at = skip(BLANK, text, end.at)
      if (text[at] !== ':') return at
      at++
      expected = 'value'
    } else if (char === '{' || char === '[') {
      open.push(char)
      expected = char === '{' ? 'name or }' : 'value or ]'
      at++
    } else if (char === ']' && expected === 'value or ]') {
      open.pop()
      expected = 'separator'
      at++
    } else {
      const end = char === '"' ? stringEnd(text, at) : scalarEnd(text, at)
      if (!end.whole) return end.at
      at = end.at
      expected = 'separator'
    }
  }
}

const CLOSING = { '{': '}', '[': ']' } as const
const BLANK = /[ \t\n\r]*/y
const DIGIT_RUN = /\d*/y

interface End {
  readonly at: number
  /** False: `at` is the position of the error. */
  readonly whole: boolean
}

function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  pattern.test(text)
  return Math.max(from, pattern.lastIndex)
}

function stringEnd(text: string, from: number): End {
  for (let at = from + 1; at < text.length; at++) {
    const char = text[at] as string
    if (char === '"') return { at: at + 1, whole: true }
    if (char < ' ') return { at, whole: false }
    if (char !== '\\') continue
    at++
    const escaped = text[at]
    if (escaped === undefined) break
    if (!'"\\/bfnrtu'.includes(escaped)) return { at, whole: false }
    if (escaped !== 'u') continue
    for (const last = at + 4; at < last; at++) {
      const digit = text[at + 1]
      if (digit !== undefined && !/[0-9a-f]/i.test(digit)) return { at: at + 1, whole: false }
    }
  }
  return { at: text.length, whole: false }
}

function scalarEnd(text: string, from: number): End {
  for (const word of ['true', 'false', 'null']) {
    if (text[from] !== word[0]) continue
    let matched = 1
    while (matched < word.length && text[from + matched] === word[matched]) matched++
    return { at: from + matched, whole: matched === word.length }
  }
  return numberEnd(text, from)
}

function numberEnd(text: string, from: number): End {
  let at = text[from] === '-' ? from + 1 : from
  const wholeAt = at
  at = text[at] === '0' ? at + 1 : skip(DIGIT_RUN, text, at)
  if (at === wholeAt) return { at, whole: false }
  if (text[at] === '.') {
    const fractionAt = at + 1
    at = skip(DIGIT_RUN, text, fractionAt)
    if (at === fractionAt) return { at, whole: false }
  }
  if (text[at] === 'e' || text[at] === 'E') {
    const sign = text[at + 1]
    const exponentAt = at + (sign === '+' || sign === '-' ? 2 : 1)
    at = skip(DIGIT_RUN, text, exponentAt)
    if (at === exponentAt) return { at, whole: false }
  }
  return { at, whole: true }
}
