/** The options of cookies: which are sent, which requests share them, and which file keeps them between runs. */
import { readCookies } from '../cookie-input.ts'
import { bool, matching, problem } from '../kinds.ts'
import type { Read } from '../kinds.ts'
import { option } from '../option.ts'
import { isCookieStore } from '../shapes.ts'
import type { Values } from '../table.ts'
import { isFilled } from '../texts.ts'
import type { CookiesInput } from '../../core/options.ts'
import type { Problem } from '../../core/problem.ts'
import { joined } from '../../core/words.ts'
import type { Words } from '../../core/words.ts'

const readCookiesOrNone: Read<CookiesInput> = (value, name, problems) =>
  value === false ? value : readCookies(value, name, problems)

export const COOKIE_OPTIONS = {
  cookies: option({
    scope: 'client',
    read: readCookiesOrNone,
    defaultText: 'an empty jar, and one per credential',
    crosses: 'plain',
    inSync: cookies =>
      isCookieStore(cookies)
        ? { expected: 'pairs, pairs by origin or false', remedy: 'A jar cannot reach another thread.' }
        : undefined,
    doc: 'Cookies of every request (name and value pairs), cookies by origin, a jar, or `false` for none. Requests with the same credential share a jar of their own.',
  }),
  cookieFile: option({
    scope: 'client',
    read: matching('a path', isFilled, "Write it as 'cookies.json'."),
    crosses: 'plain',
    doc: 'File that stores the cookies of requests without their own credential between runs: JSON, or the cookies.txt format of curl if the path ends in `.txt`.',
  }),
  shareCookies: option({
    scope: 'client',
    read: bool,
    default: true,
    crosses: 'plain',
    doc: 'Share cookies that servers set among requests with the same credential, or without one; `false` keeps each cookie within its request.',
  }),
}

export function checkCookies({ cookies, cookieFile, shareCookies }: Values, problems: Problem[]): void {
  if (cookieFile !== undefined && (cookies === false || isCookieStore(cookies))) {
    const given: Words = cookies === false ? [{ option: 'cookies', value: false }] : 'a jar of your own'
    problems.push(problem('cookieFile', 'cookies that it can keep', given, 'Leave out one of the two.'))
  }
  if (shareCookies === false && (cookieFile !== undefined || isCookieStore(cookies))) {
    const given: Words = cookieFile === undefined ? 'a jar of your own' : [{ option: 'cookieFile' }]
    const remedy = 'Cookies that are kept there are shared: leave out one of the two.'
    problems.push(problem('shareCookies', joined('true beside ', given), 'false', remedy))
  }
}
