/**
 * The limit on the nesting of JSON. `JSON.parse` has none, but code that serialises, compares or walks a value recurses
 * once per level: a response of ten kilobytes with some thousand levels would overflow its stack.
 */
import { BACKSLASH, QUOTE } from './ascii.ts'

/** Far above what people write, and far below what a stack holds. */
export const MAX_JSON_DEPTH = 1_000

/** @param text valid JSON */
export function isDeeperThan(max: number, text: string): boolean {
  // Each level has two brackets.
  if (text.length <= 2 * max) return false
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    // oxlint-disable-next-line unicorn/prefer-code-point -- code units are faster, and each bracket is one unit
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) at = endOfText(text, at)
    // `[` and `{`, `]` and `}`.
    else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > max) return true
    } else if (unit === 0x5d || unit === 0x7d) depth--
  }
  return false
}

function endOfText(text: string, start: number): number {
  let at = start + 1
  for (; at < text.length; at++) {
    // oxlint-disable-next-line unicorn/prefer-code-point -- as in isDeeperThan
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) break
    if (unit === BACKSLASH) at++
  }
  return at
}
