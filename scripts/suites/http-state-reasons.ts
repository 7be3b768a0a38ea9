/** Where our cookies differ from those that the http-state suite expects, and why. */
import type { Reason } from './trial.ts'

const THIS_YEAR = new Date().getFullYear()
const hasExpired = (input: string): boolean => {
  const year = /expires=[^;]*?\b(\d{4})\b/i.exec(input)?.[1]
  return year !== undefined && Number(year) < THIS_YEAR
}

export const HTTP_STATE_REASONS: readonly Reason[] = [
  {
    rule: 'out of date',
    because: 'the suite is of 2011; the expiry date of its cookie has passed',
    applies: ({ input, ours }) => ours === "''" && hasExpired(input),
  },
  {
    rule: 'no Cookie header',
    because: 'the expected file holds a Set-Cookie header, which no Cookie header can equal',
    applies: ({ theirs }) => theirs.startsWith("'Set-Cookie:"),
  },
]
