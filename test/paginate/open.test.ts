import { describe, expect, it } from 'vitest'
import type { Path } from '../../src/core/pagination.ts'
import { isFault } from '../../src/core/result.ts'
import { say } from '../../src/core/words.ts'
import { openItems, openPagination } from '../../src/paginate/open.ts'
import { planOf } from './pages.ts'

describe('openPagination', () => {
  it('opens a plan once', async () => {
    const plan = planOf({ style: 'link' })
    expect(await openPagination(plan, 'items')).toBe(await openPagination(plan, 'items'))
    expect(await openPagination(plan, 'data')).not.toBe(await openPagination(plan, 'items'))
  })

  it('names every path that does not compile, before anything is sent', async () => {
    const plan = planOf({ style: 'offset', next: 'a[', total: 'total-count' })
    await expect(openPagination(plan, 'nope(@)')).rejects.toMatchObject({
      name: 'ConfigError',
      problems: [
        expect.stringContaining("paginate.next: expected a path of JMESPath, got 'a['") as string,
        'paginate.total: expected a name with a hyphen in quotes, got total-count. Write "total-count" with its quotes, or total - count for the difference.',
        expect.stringContaining("items: expected functions of JMESPath, got 'nope(@)'") as string,
      ],
    })
  })
})

describe('openItems', () => {
  it.each<[Path, unknown, unknown]>([
    ['items', { items: [1, 2] }, [1, 2]],
    ['items[].id', { items: [{ id: 1 }, { id: 2 }] }, [1, 2]],
    ['@', [1], [1]],
    ['items', { items: [] }, []],
    ['items', { items: null }, undefined],
    ['items', {}, undefined],
    ['items', null, undefined],
    ['items', '', undefined],
    [value => (value as { a: unknown }).a, { a: [1] }, [1]],
    [() => undefined, {}, undefined],
  ])('%s finds the items of %j', async (path, value, items) => {
    expect((await openItems(path))(value)).toEqual(items)
  })

  it.each([{ ok: false }, { error: 'busy' }, { errors: [{}] }, { error: { message: 'busy' }, items: null }])(
    'refuses an error in the place of the items: %j',
    async page => {
      expect((await openItems('items'))(page)).toMatchObject({ code: 'follow/errors' })
      expect((await openItems(() => undefined))(page)).toMatchObject({ code: 'follow/errors' })
      expect((await openItems(() => []))(page)).toEqual([])
    },
  )

  it.each(['<html>', new Uint8Array(2)])('refuses a page without members: %j', async page => {
    expect((await openItems('items'))(page)).toMatchObject({ code: 'follow/items' })
    expect((await openItems(() => [1]))(page)).toEqual([1])
  })

  it.each<[Path, unknown, string, string]>([
    ['data', { data: { id: 1 } }, 'follow/items', "expected a list at 'data', got an object"],
    ['data', { data: 'x' }, 'follow/items', "expected a list at 'data', got a string"],
    ['data', { data: false }, 'follow/items', "expected a list at 'data', got a boolean"],
    [() => 5, {}, 'follow/items', 'expected a list from the function items, got a number'],
    [() => Promise.resolve([]), {}, 'follow/callback', 'items returned a promise; it must return its value'],
    [
      value => (value as { a: { b: unknown } }).a.b,
      {},
      'follow/callback',
      "items threw: Cannot read properties of undefined (reading 'b')",
    ],
  ])('%s refuses %j', async (path, value, code, message) => {
    const found = (await openItems(path))(value)
    expect(isFault(found) && [found.code, say(found.message)]).toEqual([code, message])
  })

  it('refuses a path that does not compile', async () => {
    await expect(openItems('a b')).rejects.toMatchObject({ name: 'ConfigError' })
  })
})
