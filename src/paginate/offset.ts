/**
 * An offset in items: `?offset=100&limit=50`, `startAt`, `$skip`. The next offset is where the items received end, because
 * servers cap sizes. With a known total, the pages behind the first one are asked for together.
 */
import type { Fault } from '../core/result.ts'
import { FirstItems, listOf, totalIn, uncounted, wholeNumber } from './counts.ts'
import { memberAt } from './fields.ts'
import { givenField, setField } from './request-field.ts'
import type { FirstRequest } from './request-field.ts'
import { Round } from './round.ts'
import { refusalIn, saysLast } from './signs.ts'
import { END, next, refuse } from './style.ts'
import type { PageChange, PageStep, PageView, Style } from './style.ts'

interface State {
  readonly first: FirstRequest
  /** 1 if the first item may have the number 1, as in SCIM (RFC 7644 §3.4.2.4), otherwise 0. */
  readonly base: number
  /** Items of the first page: the distance of pages that are asked for together. */
  readonly step: number
  /** Where the items of the complete rounds end. */
  position: number
  /** The greatest total that any page has named. */
  total: number | undefined
  round: Round<number>
}

export const offset: Style = ({ plan, total: find, hasItems }) => {
  const param = plan.param ?? 'offset'
  const firstItems = new FirstItems()
  let state: State | undefined
  return page => {
    const list = listOf(page, hasItems)
    if (list === undefined) return uncounted()
    const total = totalIn(find, page.value)
    if (typeof total === 'object') return total
    const wrong = refusalIn(page.value) ?? firstItems.check(list, param)
    if (wrong !== undefined) return wrong
    if (state === undefined && total !== undefined && list.length > total) return smallTotal(total, list.length)
    state ??= begin(page, param, list.length)
    if (total !== undefined) state.total = Math.max(total, state.total ?? 0)
    state.round.add(page.number, list.length)
    if (!state.round.isComplete) return END
    return after(state, page, param)
  }
}

function begin({ requestUrl, body, number, value }: PageView, param: string, step: number): State {
  const first: FirstRequest = { url: requestUrl, body }
  const position = wholeNumber(givenField(first, param)) ?? (saysOne(value, param) ? 1 : 0)
  // An API that counts from 0 may be asked for 1, too: then the last page is one without items.
  return { first, base: position === 1 ? 1 : 0, step, position, total: undefined, round: new Round(number, 1) }
}

/** Where an API that counts from 1 says so. A wrong guess would repeat an item on every page. */
const saysOne = (value: unknown, param: string): boolean =>
  [...new Set([param, 'startIndex', 'start_index'])].some(name => memberAt(value, ...name.split('.')) === 1)

/** What follows a complete round. */
function after(state: State, page: PageView, param: string): PageStep {
  const { step, first, round } = state
  const last = [...round.inOrder()].at(-1)
  const wrong = advance(state)
  if (wrong !== undefined) return wrong
  const { position, total } = state
  if (total === undefined) {
    if (last === 0 || saysLast(page.value)) return END
    state.round = new Round(round.end, 1)
    return next(setField(first, param, position))
  }
  const end = total + state.base
  // A first page without items that is asked for behind all of them.
  if (position >= end || (step === 0 && position >= total)) return END
  if (step === 0) return refuse('total', `the first page has no items, but the total is ${total}`)
  // An empty page behind the others: the total has shrunk.
  if (last === 0) return END
  const count = Math.ceil((end - position) / step)
  state.round = new Round(round.end, count)
  const changes = changesOf(first, param, position, step, count)
  return count === 1 ? next(setField(first, param, position)) : { kind: 'rest', count, changes }
}

/** Moves the position over the pages of the round, which must be next to one another. */
function advance(state: State): Fault | undefined {
  const { step, round } = state
  let asked = state.position
  for (const count of round.inOrder()) {
    if (count > 0 && asked !== state.position) return unevenPages(step)
    state.position += count
    asked += step
  }
  return undefined
}

/** Further pages would be left out without a word. */
const smallTotal = (total: number, items: number): Fault =>
  refuse('total', [
    `the total is ${total}, but the first page has ${items} items. Leave out `,
    { option: 'paginate.total' },
    ' to read up to a page without items',
  ])

const unevenPages = (step: number): Fault =>
  refuse('gap', [
    `the first page has ${step} items and a later page another number, so that items are missing or doubled. Leave out `,
    { option: 'paginate.total' },
    ' to read one page after the other',
  ])

/** Made one at a time: a server may announce any number of pages. */
function* changesOf(
  first: FirstRequest,
  param: string,
  position: number,
  step: number,
  count: number,
): Generator<PageChange, void, void> {
  for (let at = 0; at < count; at++) yield setField(first, param, position + at * step)
}
