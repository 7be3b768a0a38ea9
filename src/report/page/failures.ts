/** The failures: a search box, a filter by code, and what is known of each, folded. */
import { byId, make, shown, shownLines } from './dom.ts'
import { waterfall } from './waterfall.ts'
import type { RequestReport } from '../data.ts'
import type { PageData } from '../page-data.ts'
import { reasonOf } from '../headline.ts'
import { amount } from '../words.ts'

const AT_ONCE = 25

export function listFailures({ failures }: PageData): void {
  const list = byId('failure-list')
  const search = byId('search') as HTMLInputElement | null
  const filter = byId('code') as HTMLSelectElement | null
  const count = byId('failure-count')
  const more = byId('more') as HTMLButtonElement | null
  if (list === null || search === null || filter === null || count === null || more === null) return
  for (const [code, number] of codesOf(failures)) {
    filter.append(make('option', { value: code }, `${shown(code)} (${number})`))
  }
  const texts = new Map(failures.map(one => [one, haystack(one)]))
  let most = AT_ONCE
  const show = (): void => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean)
    const found = failures.filter(
      one =>
        (filter.value === '' || one.code === filter.value) &&
        words.every(word => texts.get(one)?.includes(word) === true),
    )
    list.replaceChildren(...found.slice(0, most).map(item))
    count.textContent =
      found.length === failures.length
        ? amount(found.length, 'failure')
        : `${amount(found.length)} of ${amount(failures.length, 'failure')}`
    more.hidden = found.length <= most
  }
  const again = (): void => {
    most = AT_ONCE
    show()
  }
  search.addEventListener('input', again)
  filter.addEventListener('change', again)
  more.addEventListener('click', () => {
    const before = most
    most += 5 * AT_ONCE
    show()
    list.children[before]?.querySelector('summary')?.focus()
  })
  ;(byId('failure-tools') as HTMLElement).hidden = false
  show()
}

function codesOf(failures: readonly RequestReport[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const { code = '' } of failures) counts.set(code, (counts.get(code) ?? 0) + 1)
  return [...counts].toSorted((a, b) => b[1] - a[1])
}

const haystack = ({ id, key, method, url, code, message, body, finalUrl }: RequestReport): string =>
  [id, key, method, url, code, message, body, finalUrl].join('\n').toLowerCase()

function item(one: RequestReport): HTMLElement {
  const { method, url, code = '', attempts } = one
  const summary = make(
    'summary',
    {},
    make('span', { class: 'badge' }, shown(code)),
    make('span', { class: 'what' }, make('b', {}, shown(method)), ` ${shown(url)}`),
    make('span', { class: 'quiet why' }, `${whyOf(one)}${attempts > 1 ? ` · ${attempts} attempts` : ''}`),
  )
  const details = make('details', {}, summary)
  // Details are created when they are first opened.
  details.addEventListener(
    'toggle',
    () => details.open && details.children.length === 1 && details.append(content(one)),
    {
      once: true,
    },
  )
  return make('li', {}, details)
}

/** The message, and what the server said. */
function whyOf(one: RequestReport): string {
  const words = one.body === undefined ? undefined : reasonOf(one)
  return [shown(one.message ?? ''), ...(words === undefined ? [] : [`“${words}”`])].join(' – ')
}

function content(one: RequestReport): HTMLElement {
  const { id, key, index, status, finalUrl, location, at, body, bodyEncoding, headers } = one
  const facts: [string, string | undefined][] = [
    ['request', key === undefined ? id : `${key} (${id})`],
    ['position', String(index)],
    ['status', status === undefined ? undefined : String(status)],
    ['time', at],
    ['final URL', finalUrl],
    ['Location', location],
    ...Object.entries(headers ?? {}),
  ]
  const list = make('dl', { class: 'facts' })
  for (const [name, value] of facts) {
    if (value !== undefined) list.append(make('div', {}, make('dt', {}, shown(name)), make('dd', {}, shown(value))))
  }
  const said =
    body === undefined
      ? []
      : [
          make('p', { class: 'label' }, bodyEncoding === undefined ? 'What the server said' : 'Body, as base64'),
          bodyOf(body),
        ]
  return make('div', { class: 'more' }, list, ...said, waterfall(one))
}

/** It can be scrolled by keyboard, too. */
const bodyOf = (body: string): HTMLElement => make('pre', { tabindex: '0' }, shownLines(body))
