/**
 * How deep JSON may be nested. Reading it knows no bound, but whoever writes it again, compares or walks through it does
 * so level by level on the stack: some thousand levels in ten kilobytes of an answer would end them.
 */

/** Far above what people write, far below what a stack holds. */
export const MAX_JSON_DEPTH = 1_000

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** @param text that is JSON */
export function isDeeperThan(max: number, text: string): boolean {
  // Each level has two brackets.
  if (text.length <= 2 * max) return false
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    // oxlint-disable-next-line unicorn/prefer-code-point -- Units are faster, and brackets are one.
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
    // oxlint-disable-next-line unicorn/prefer-code-point -- As above.
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) break
    if (unit === BACKSLASH) at++
  }
  return at
}
