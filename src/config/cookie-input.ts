/** Cookies as callers write them, checked: what would break the `Cookie` header is refused, and no value is shown. */
import type { CookieStore } from '../core/ports.ts'
import { got, isPlain, kindOf, plainRemedy, problem } from './kinds.ts'
import { isCookieStore } from './shapes.ts'
import type { Problem } from '../core/problem.ts'
import { TOKEN } from '../core/headers.ts'
import type { CookiePairs } from '../core/cookie-pairs.ts'

type GivenCookies = CookieStore | CookiePairs | Readonly<Record<string, CookiePairs>>

// RFC 6265 §4.1.1 without its ban on commas and quotes, which servers set and expect back.
const COOKIE_VALUE = /^[\x21-\x3a\x3c-\x7e]*$/

/** Name and value pairs, pairs by origin, or a jar. */
export function readCookies(value: unknown, name: string, problems: Problem[]): GivenCookies | undefined {
  if (isCookieStore(value)) return value
  if (!isPlain(value)) {
    const expected = 'name and value pairs, pairs by origin, or a tough-cookie jar'
    problems.push(problem(name, expected, kindOf(value), plainRemedy(value)))
    return undefined
  }
  const before = problems.length
  const entries = Object.entries(value)
  const byOrigin = entries.length > 0 && entries.every(([, pairs]) => isPlain(pairs))
  if (!byOrigin) checkPairs(value, name, problems)
  else for (const [origin, pairs] of entries) checkOrigin(origin, pairs as Record<string, unknown>, name, problems)
  return problems.length === before ? (value as GivenCookies) : undefined
}

function checkOrigin(origin: string, pairs: Record<string, unknown>, name: string, problems: Problem[]): void {
  if (/^https?:\/\//i.test(origin) && URL.canParse(origin)) return checkPairs(pairs, name, problems)
  problems.push(
    problem(name, 'an origin over each set of pairs', got(origin), "Write it as 'https://api.example.com'."),
  )
}

function checkPairs(pairs: Record<string, unknown>, name: string, problems: Problem[]): void {
  for (const [cookie, value] of Object.entries(pairs)) {
    if (!TOKEN.test(cookie)) {
      const shown = JSON.stringify(cookie)
      problems.push(problem(name, 'cookie names that are tokens of RFC 6265', shown, 'Rename it.'))
    } else if (typeof value !== 'string') {
      problems.push(problem(`${name}.${cookie}`, 'a string', kindOf(value), 'Turn it into one.'))
    } else if (!COOKIE_VALUE.test(value)) {
      const expected = "a value of ASCII without ';', spaces and control characters"
      problems.push(
        problem(`${name}.${cookie}`, expected, 'other characters', 'Encode it first: encodeURIComponent(value).'),
      )
    }
  }
}
