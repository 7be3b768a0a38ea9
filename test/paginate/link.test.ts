import { describe, expect, it } from 'vitest'
import type { PageView } from '../../src/core/pagination.ts'
import { headersOf, planOf, stepsOf, viewOf } from './pages.ts'

const PLAN = planOf({ style: 'link' })
const linked = (link: string | undefined, fields: Partial<PageView> = {}): PageView =>
  viewOf([], { headers: headersOf(link === undefined ? {} : { link }), ...fields })

describe('the style link', () => {
  it.each<[string, PageView, string]>([
    [
      'GitHub',
      linked(
        '<https://api.github.com/r/1/issues?page=2>; rel="next", <https://api.github.com/r/1/issues?page=9>; rel="last"',
      ),
      'https://api.github.com/r/1/issues?page=2',
    ],
    [
      'GitLab with keyset pagination',
      linked('<https://gitlab.test/api/v4/projects?id_after=42&pagination=keyset>; rel="next"'),
      'https://gitlab.test/api/v4/projects?id_after=42&pagination=keyset',
    ],
    [
      'Shopify',
      linked(
        '<https://shop.test/admin/products.json?page_info=abc&limit=50>; rel="previous", <https://shop.test/admin/products.json?page_info=def&limit=50>; rel="next"',
      ),
      'https://shop.test/admin/products.json?page_info=def&limit=50',
    ],
    ['the last page', linked('<https://api.test/items?page=1>; rel="first"'), 'end'],
    ['a page without the header', linked(undefined), 'end'],
    [
      'a target relative to the URL that answered',
      linked('<more?page=2>; rel=next', { url: 'https://other.test/v2/list' }),
      'https://other.test/v2/more?page=2',
    ],
    ['a target with only a query', linked('<?page=2>; rel=next'), 'https://api.test/items?page=2'],
    ['another origin', linked('<https://other.test/2>; rel=next'), 'https://other.test/2'],
    ['a fragment', linked('</items?page=2#top>; rel=next'), 'https://api.test/items?page=2'],
    ['a link without its closing bracket', linked('</items?page=2; rel="next"'), 'follow/next'],
    ['a link without its brackets', linked('/items?page=2; rel=next'), 'follow/next'],
    ['a next link of another resource', linked('</items?page=2>; rel=next; anchor="#part"'), 'end'],
    ['a link to the page itself', linked('<https://api.test/items>; rel=next'), 'follow/loop'],
    ['an empty target, which is the page itself', linked('<>; rel=next'), 'follow/loop'],
    [
      'a link to the page before a redirect',
      linked('</items>; rel=next', { url: 'https://api.test/v2/items' }),
      'follow/loop',
    ],
    ['a file', linked('<file:///etc/passwd>; rel=next'), 'redirect/scheme'],
    ['a script', linked('<javascript:alert(1)>; rel=next'), 'redirect/scheme'],
    ['a URL with a bad port', linked('<https://api.test:99999/>; rel=next'), 'redirect/invalid'],
    ['a control character', linked('</it\tems?page=2>; rel=next'), 'redirect/invalid'],
  ])('follows %s', async (_what, view, step) => {
    expect(await stepsOf(PLAN, [view])).toEqual([step])
  })

  it('refuses a circle of pages', async () => {
    const to = (page: string): string => `<https://api.test/items?page=${page}>; rel="next"`
    const at = (page: string): Partial<PageView> => ({
      requestUrl: `https://api.test/items?page=${page}`,
      url: `https://api.test/items?page=${page}`,
    })
    const steps = await stepsOf(PLAN, [linked(to('b')), linked(to('c'), at('b')), linked(to('b'), at('c'))])
    expect(steps.at(-1)).toBe('follow/loop')
  })
})
