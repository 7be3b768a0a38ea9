/** Whatever a server sends, every style decides: it does not throw, and what it asks for next can be sent. */
import { describe, expect, it } from 'vitest'
import { PAGE_STYLES } from '../../src/core/pagination.ts'
import type { PageChange, PageStep, PageStyle } from '../../src/core/pagination.ts'
import { isFault } from '../../src/core/result.ts'
import { say } from '../../src/core/words.ts'
import { openPagination } from '../../src/paginate/open.ts'
import { NEXT_CURSORS, NEXT_URLS, OFFSETS, PAGES, TOTALS } from '../../src/paginate/well-known.ts'
import { headersOf, planOf, viewOf } from '../paginate/pages.ts'
import { anyText, fc } from '../support/property.ts'
import { SEEDED, runs } from './runs.ts'

const PATHS = [
  ...NEXT_URLS,
  ...[...NEXT_CURSORS, ...PAGES, ...OFFSETS].flat(),
  ...TOTALS,
  'continue.x',
  'data.list.pageInfo.endCursor',
  'data.list.pageInfo.hasNextPage',
  'hits.hits',
  'links.next.href',
  '_links.base',
  'd.__next',
  'has_more',
  'ok',
  'errors',
  '_shards.failed',
  '_shards.failures',
]

const SCALARS: readonly unknown[] = [
  null,
  true,
  false,
  '',
  0,
  -1,
  1,
  7,
  1.5,
  2 ** 60,
  Number.NaN,
  'a',
  '?b',
  '/c',
  '__proto__',
]
const scalar = fc.oneof(
  fc.constantFrom(...SCALARS),
  anyText(12),
  fc.constantFrom('https://a.test/2', 'ftp://a.test', 'http://[', '//b.test/x', 'https://a.test:99999', '12', '١٢'),
)
const list = fc.array(fc.record({ id: scalar, sort: fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })) }), {
  maxLength: 3,
})
const part = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: list },
  { weight: 1, arbitrary: fc.jsonValue() },
)

/** An object with some of the members that styles look for, whatever is in them. */
const known = fc.array(fc.tuple(fc.constantFrom(...PATHS), part), { maxLength: 5 }).map(members => {
  const value: Record<string, unknown> = {}
  for (const [path, member] of members) {
    const names = path.split('.')
    const last = names.pop() as string
    let at = value
    for (const name of names) {
      const inner = at[name]
      at = (typeof inner === 'object' && inner !== null ? inner : (at[name] = {})) as Record<string, unknown>
    }
    at[last] = member
  }
  return value
})
const value = fc.oneof(
  { weight: 6, arbitrary: known },
  { weight: 1, arbitrary: fc.jsonValue() },
  { weight: 1, arbitrary: list },
)
const link = fc.oneof(
  fc.constant(undefined),
  fc.tuple(anyText(12), fc.constantFrom('next', 'last', 'prev')).map(([target, rel]) => `<${target}>; rel="${rel}"`),
)
const page = fc.record({ value, link })
const body = fc.oneof(
  fc.constant(undefined),
  fc.jsonValue(),
  fc.record({ query: anyText(20), sort: scalar, pit: part, variables: part }),
  fc.constant({ query: 'query ($a: String) { list(after: $a) { pageInfo { endCursor } } }' }),
)

const plans: Readonly<Record<PageStyle, object>> = {
  link: {},
  cursor: { next: 'next_cursor || next', param: 'cursor' },
  offset: { total: 'total' },
  page: { total: 'total_pages' },
  odata: {},
  'json-api': {},
  mediawiki: {},
  elasticsearch: {},
  relay: {},
  auto: {},
}

/** The changes of a step, as far as an engine would take them. */
function changesOf(step: PageStep): readonly PageChange[] {
  if (step.kind === 'next') return [step.change]
  if (step.kind !== 'rest') return []
  expect(Number.isSafeInteger(step.count) && step.count > 1).toBe(true)
  const changes: PageChange[] = []
  for (const change of step.changes) {
    changes.push(change)
    if (changes.length === 3) break
  }
  return changes
}

function check(step: PageStep): void {
  if (isFault(step)) {
    expect(step.code).toMatch(/^(?:follow|redirect)\/[a-z_]+$/)
    // What `guarded` makes of a throw.
    expect(say(step.message)).not.toContain('cannot be read')
    expect(say(step.message).length).toBeLessThan(1_000)
    return
  }
  expect(['end', 'next', 'rest']).toContain(step.kind)
  for (const { url, query, json } of changesOf(step)) {
    if (url !== undefined) expect(new URL(url).protocol).toMatch(/^https?:$/)
    for (const text of Object.values(query ?? {})) expect(typeof text).toBe('string')
    if (url === undefined && query === undefined) expect(typeof json).toBe('object')
  }
}

describe(`a page with anything in it (${SEEDED})`, () => {
  it.each(PAGE_STYLES)('is decided by the style %s', async style => {
    const opened = await openPagination(planOf({ style, ...plans[style] }), undefined)
    const property = fc.property(fc.array(page, { minLength: 1, maxLength: 4 }), body, (pages, sent) => {
      const paginator = opened.start()
      for (const [number, { value: given, link: header }] of pages.entries()) {
        const headers = headersOf(header === undefined ? {} : { link: header })
        const step = paginator.after(viewOf(given, { number, headers, body: sent }))
        check(step)
        if (isFault(step) || step.kind === 'end') break
      }
    })
    fc.assert(property, { numRuns: runs(5_000) })
  })
})
