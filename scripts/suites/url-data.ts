/**
 * WPT's `urltestdata.json`: what we send for a URL (origin and path, without userinfo and fragment) must match the
 * WHATWG URL standard. What fails there, or has another scheme, is refused.
 */
import { readFileSync } from 'node:fs'
import { parseUrl } from '../../src/core/url.ts'
import type { Reason, Suite, Trial } from './trial.ts'
import { say } from '../../src/core/words.ts'

const REASONS: readonly Reason[] = [
  {
    rule: 'control characters',
    because:
      'the standard deletes tabs and line ends, which would join two lines of a file into one request; we refuse them',
    applies: ({ ours }) => ours.includes('expected no control characters'),
  },
]

export const urlData: Suite = { name: 'url-data', reasons: REASONS, run: from => trialsOf(readFileSync(from, 'utf8')) }

/** A string between two cases is a comment. */
interface UrlCase {
  readonly input: string
  readonly base: string | null
  readonly failure?: boolean
  readonly href?: string
  readonly protocol?: string
}

export function trialsOf(json: string): Trial[] {
  const cases = (JSON.parse(json) as readonly (UrlCase | string)[]).filter(each => typeof each === 'object')
  return cases.map(tried)
}

const REFUSED = 'refused'

function tried(each: UrlCase): Trial {
  const { input, base } = each
  const name = base === null ? input : `${input} (on ${base})`
  const theirs = expected(each)
  for (const ours of [sent(input, base), sentAfterItsLike(input, base)]) {
    const isSame = theirs === REFUSED ? ours.startsWith(REFUSED) : ours === theirs
    if (!isSame) return { name, kind: 'differ', theirs, ours, input }
  }
  return { name, kind: 'agree' }
}

function expected({ failure, href = '', protocol = '' }: UrlCase): string {
  if (failure === true || !/^https?:$/.test(protocol)) return REFUSED
  return href.replace(/#.*$/s, '').replace(/^(https?:\/\/)[^/?@]*@/, '$1')
}

function sent(input: string, base: string | null): string {
  const parsed = parseUrl(input, base ?? undefined, [])
  return 'wrong' in parsed ? `${REFUSED}: ${say(parsed.wrong)}` : `${parsed.origin}${parsed.path}`
}

/** The URLs of the origin that was parsed last take a faster path. */
function sentAfterItsLike(input: string, base: string | null): string {
  const written = /^https?:\/\/[^/?#\\]*/.exec(input)?.[0]
  if (written !== undefined) parseUrl(`${written}/`, undefined, [])
  return sent(input, base)
}
