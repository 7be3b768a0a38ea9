/**
 * Elasticsearch and OpenSearch: `search_after` takes the sort values of the last hit; a page without hits is the last. A
 * point in time is carried on with the id of the latest response.
 */
import { numberFault } from './cursor-value.ts'
import { isRecord, memberAt, shapeOf } from './fields.ts'
import { Seen } from './seen.ts'
import { cut } from './signs.ts'
import { END, next, refuse } from './style.ts'
import type { Fault } from '../core/result.ts'
import type { Style } from './style.ts'

export const elasticsearch: Style = () => {
  const seen = new Seen()
  let first: Readonly<Record<string, unknown>> | undefined
  let pit: unknown
  return page => {
    if (first === undefined) {
      const { body } = page
      const wrong = requestFault(body)
      if (wrong !== undefined) return wrong
      first = body as Readonly<Record<string, unknown>>
    }
    const { value } = page
    const hits = memberAt(value, 'hits', 'hits')
    const wrong = partialFault(value)
    if (wrong !== undefined) return wrong
    if (!Array.isArray(hits)) return refuse('next', `expected a list at 'hits.hits', got ${shapeOf(hits)}`)
    if (hits.length === 0) return END
    const sort = memberAt(hits.at(-1), 'sort')
    if (!Array.isArray(sort)) return refuse('next', `expected a list at 'hits.hits[-1].sort', got ${shapeOf(sort)}`)
    const rounded = numberFault(sort, "'hits.hits[-1].sort'")
    if (rounded !== undefined) return rounded
    const key = JSON.stringify(sort)
    if (seen.has(key)) {
      return refuse(
        'loop',
        'the last hit sorts like that of an earlier page. Add a field to sort that differs for every document',
      )
    }
    seen.add(key)
    pit = memberAt(value, 'pit_id') ?? pit
    // `from` is refused beside search_after.
    const { from: _from, ...rest } = first
    const at = isRecord(first['pit']) && pit !== undefined ? { pit: { ...first['pit'], id: pit } } : {}
    return next({ json: { ...rest, ...at, search_after: sort } })
  }
}

/** Without `sort` the hits have no values to go on from. */
function requestFault(body: unknown): Fault | undefined {
  if (!isRecord(body)) return refuse('param', 'this style needs a JSON body, with the query and its sort')
  return body['sort'] === undefined ? refuse('param', "this style needs 'sort' in the JSON body") : undefined
}

/** Answered with the status 200, although hits are missing. */
function partialFault(value: unknown): Fault | undefined {
  if (memberAt(value, 'timed_out') === true) return refuse('errors', 'the page is incomplete: the search timed out')
  const failed = memberAt(value, '_shards', 'failed')
  if (typeof failed !== 'number' || failed === 0) return undefined
  const reason = memberAt(
    (memberAt(value, '_shards', 'failures') as readonly unknown[] | undefined)?.[0],
    'reason',
    'reason',
  )
  const said = typeof reason === 'string' ? `: ${cut(reason)}` : ''
  return refuse('errors', `the page is incomplete: ${failed} shards failed${said}`)
}
