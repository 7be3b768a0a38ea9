/**
 * Page numbers: `?page=2`. The last page is known from `total` (a number of pages) or from `rel="last"` in the header
 * Link; then the pages behind the first one are asked for together. Otherwise the first page without items is the last.
 */
import { FirstItems, listOf, totalIn, uncounted, wholeNumber } from './counts.ts'
import { memberAt } from './fields.ts'
import { targetOf } from './link-header.ts'
import { givenField, setField } from './request-field.ts'
import type { FirstRequest } from './request-field.ts'
import { Round } from './round.ts'
import { refusalIn, saysLast } from './signs.ts'
import { END, next, refuse } from './style.ts'
import type { Fault } from '../core/result.ts'
import type { PageChange, PageStep, PageView, Style } from './style.ts'

interface State {
  readonly first: FirstRequest
  /** 0 if the API counts from 0, otherwise 1. */
  readonly base: number
  /** Whether the first page had a link to the next one; then a page without one is the last. */
  readonly linked: boolean
  /** The number of the last page that was asked for. */
  asked: number
  /** The greatest number of a last page that any page has named. */
  last: number | undefined
  round: Round<true>
}

export const page: Style = ({ plan, total: find, hasItems }) => {
  const param = plan.param ?? 'page'
  const firstItems = new FirstItems()
  let state: State | undefined
  return view => {
    const total = totalIn(find, view.value)
    if (typeof total === 'object') return total
    const list = listOf(view, hasItems)
    const wrong = refusalIn(view.value) ?? firstItems.check(list, param)
    if (wrong !== undefined) return wrong
    if (total === 0 && list !== undefined && list.length > 0) return noPages()
    state ??= begin(view, param)
    const last = total === undefined ? linkedLast(view, param) : total - 1 + state.base
    if (last !== undefined) state.last = Math.max(last, state.last ?? 0)
    state.round.add(view.number, true)
    return state.round.isComplete ? after(state, view, param, list?.length) : END
  }
}

function begin(view: PageView, param: string): State {
  const first: FirstRequest = { url: view.requestUrl, body: view.body }
  const given = wholeNumber(givenField(first, param))
  const base = given === 0 || (given === undefined && saysZero(view.value, param)) ? 0 : 1
  const linked = targetOf(view.headers.get('link'), 'next') !== undefined
  return { first, base, linked, asked: given ?? base, last: undefined, round: new Round(view.number, 1) }
}

/** What follows a complete round. */
function after(state: State, view: PageView, param: string, items: number | undefined): PageStep {
  const { first, asked, last, round } = state
  const field = (number: number): PageChange => setField(first, param, number)
  if (last === undefined) {
    if (saysLast(view.value) || (state.linked && !isLinked(view))) return END
    if (items === undefined) return uncounted()
    if (items === 0) return END
    state.asked++
    state.round = new Round(round.end, 1)
    return next(field(asked + 1))
  }
  const count = last - asked
  if (count <= 0) return END
  state.asked = last
  state.round = new Round(round.end, count)
  return count === 1 ? next(field(last)) : { kind: 'rest', count, changes: numbered(field, asked + 1, count) }
}

/** Made one at a time: a server may announce any number of pages. */
function* numbered(
  field: (number: number) => PageChange,
  from: number,
  count: number,
): Generator<PageChange, void, void> {
  for (let at = 0; at < count; at++) yield field(from + at)
}

const noPages = (): Fault =>
  refuse('total', [
    'the number of pages is 0, but the page has items. Leave out ',
    { option: 'paginate.total' },
    ' to read up to a page without items',
  ])

const isLinked = (view: PageView): boolean => targetOf(view.headers.get('link'), 'next') !== undefined

/** The number in the link to the last page. */
function linkedLast(view: PageView, param: string): number | undefined {
  const target = targetOf(view.headers.get('link'), 'last')
  const url = target === undefined ? null : URL.parse(target, view.url)
  return wholeNumber(url?.searchParams.get(param))
}

/** Where an API that counts from 0 says so (Spring: `number`). A wrong guess would leave out the second page. */
function saysZero(value: unknown, param: string): boolean {
  const names = [
    [param],
    ['number'],
    ['page', 'number'],
    ['current_page'],
    ['currentPage'],
    ['pageNumber'],
    ['page_number'],
  ]
  return names.some(path => memberAt(value, ...path) === 0)
}
