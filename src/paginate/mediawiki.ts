/**
 * MediaWiki: all fields of `continue` go into the query of the first request. `batchcomplete` says that the pages so far
 * have all of their properties; it does not end anything.
 */
import { digitsOf } from '../core/exact-json.ts'
import { isNothing, isRecord, memberAt, shapeOf } from './fields.ts'
import { Seen } from './seen.ts'
import { cut } from './signs.ts'
import { END, next, refuse } from './style.ts'
import type { Style } from './style.ts'

export const mediawiki: Style = () => {
  const seen = new Seen()
  return ({ value }) => {
    // An error is answered with the status 200.
    const error = memberAt(value, 'error')
    if (!isNothing(error)) return refuse('errors', `the page is an error${said(memberAt(error, 'info'))}`)
    const fields = memberAt(value, 'continue')
    if (isNothing(fields)) return END
    if (!isRecord(fields)) return refuse('next', `expected an object at 'continue', got ${shapeOf(fields)}`)
    const query: Record<string, string> = Object.create(null) as Record<string, string>
    for (const [name, field] of Object.entries(fields)) {
      const text = digitsOf(field) ?? field
      if (typeof text !== 'string' && typeof text !== 'number') {
        return refuse('next', `expected a string at 'continue.${cut(name)}', got ${shapeOf(field)}`)
      }
      query[name] = String(text)
    }
    const key = JSON.stringify(query)
    if (seen.has(key))
      return refuse('loop', "the page has a 'continue' that an earlier page had: its pages would never end")
    seen.add(key)
    return next({ query })
  }
}

const said = (info: unknown): string => (typeof info === 'string' ? `: ${cut(info)}` : '')
