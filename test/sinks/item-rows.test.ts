/** Sinks write an outcome with `items` as one row per item. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { failedOutcome, freshFolder, okOutcome, writeTo } from './outcomes.ts'
import { rowsOf } from './rows-of.ts'
import { ParallelRequests } from '../../src/index.ts'
import type { OkOutcome, Outcome } from '../../src/index.ts'
import { csv, jsonLines, sqlite } from '../../src/sinks/index.ts'
import { isRowError } from '../../src/core/sink.ts'
import { echoServer } from '../support/echo-server.ts'

const page = (index: number, items: readonly unknown[]): OkOutcome<unknown> => ({
  ...okOutcome(index, { data: items }),
  id: `#${index}/1`,
  parent: `#${index}`,
  items,
})

const linesOf = (path: string): Record<string, unknown>[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Record<string, unknown>)

test('JSON lines have the item as the value, its position, the id of its page, and an id of its own', async () => {
  const path = join(freshFolder(), 'items.jsonl')
  const sink = jsonLines(path)
  await Promise.all(
    [page(0, ['a', { b: 1 }]), page(1, []), failedOutcome(2), okOutcome(3, 'whole')].map(one => writeTo(sink, one)),
  )
  await sink.close()
  expect(linesOf(path).map(({ id, parent, item, value }) => [id, parent, item, value])).toEqual([
    ['#0/1[0]', '#0/1', 0, 'a'],
    ['#0/1[1]', '#0/1', 1, { b: 1 }],
    ['#2', undefined, undefined, undefined],
    ['#3', undefined, undefined, 'whole'],
  ])
})

test('columns of CSV get the item as the value', async () => {
  const path = join(freshFolder(), 'items.csv')
  const doubled = { name: 'doubled', value: ({ value }: Outcome) => Number(value) * 2 }
  const sink = csv(path, { columns: ['id', 'parent', 'item', 'value', doubled] })
  await writeTo(sink, page(0, [1, 2]))
  await sink.close()
  expect(readFileSync(path, 'utf8')).toBe('id,parent,item,value,doubled\n#0/1[0],#0/1,0,1,2\n#0/1[1],#0/1,1,2,4\n')
})

test('a page that is written to SQLite again replaces the rows of its items', async () => {
  const path = join(freshFolder(), 'items.db')
  for (const items of [
    ['a', 'b'],
    ['c', 'd'],
  ]) {
    const sink = sqlite(path, { append: true })
    await writeTo(sink, page(0, items))
    await sink.close()
  }
  const rows = rowsOf(path).map(row => [row['request_id'], row['parent_id'], row['item_number'], row['value']])
  expect(rows.toSorted(([a], [b]) => String(a).localeCompare(String(b)))).toEqual([
    ['#0/1[0]', '#0/1', 0, 'c'],
    ['#0/1[1]', '#0/1', 1, 'd'],
  ])
})

test('items are not written to a table that knows its rows by their index', async () => {
  const path = join(freshFolder(), 'items.db')
  const database = new DatabaseSync(path)
  database.exec(
    'CREATE TABLE results ("index" INTEGER PRIMARY KEY, key, method, url, ok, status, value, encoding, error_code, error_message, attempts, bytes, timings, at)',
  )
  database.close()
  const sink = sqlite(path, { append: true })
  await expect(writeTo(sink, page(0, ['a', 'b']))).rejects.toThrow('expected a table with the column request_id')
  await sink.close()
  expect(rowsOf(path)).toEqual([])
})

test('an item that JSON cannot hold loses its own row only', async () => {
  const path = join(freshFolder(), 'items.jsonl')
  const sink = jsonLines(path)
  const refused = await writeTo(sink, page(0, [1, 2n, 3])).then(
    () => undefined,
    (error: unknown) => error,
  )
  await sink.close()
  expect(isRowError(refused)).toBe(true)
  expect(linesOf(path).map(({ value }) => value)).toEqual([1, 3])
})

test('the id of an item shows no secret of a key, and still differs from every other', async () => {
  const key = 'https://user:hidden@api.example.com/a'
  const path = join(freshFolder(), 'items.jsonl')
  const sink = jsonLines(path)
  await writeTo(sink, { ...page(4, ['a', 'b']), key, id: `k:${key}/1`, parent: `k:${key}` })
  await sink.close()
  expect(readFileSync(path, 'utf8')).not.toContain('hidden')
  const ids = linesOf(path).map(({ id }) => String(id))
  expect(ids.map(id => id.replace(/^.*#4/, ''))).toEqual(['/1[0]', '/1[1]'])
})

test('drain() with items writes a row per item of every page', async () => {
  const { url } = await echoServer(({ url: path }, response) => {
    const number = Number(path.slice(1))
    response.end(JSON.stringify({ items: [`${number}a`, `${number}b`], next: number < 3 ? `/${number + 1}` : null }))
  })
  const path = join(freshFolder(), 'items.csv')
  const client = new ParallelRequests()
  await client.drain([`${url}/1`], {
    follow: ({ value }) => (value as { next: string | null }).next,
    items: (value: { items: string[] }) => value.items,
    sink: csv(path, { columns: ['id', 'value'] }),
  })
  await client.close()
  expect(readFileSync(path, 'utf8')).toBe(
    'id,value\n#0[0],1a\n#0[1],1b\n#0/1[0],2a\n#0/1[1],2b\n#0/2[0],3a\n#0/2[1],3b\n',
  )
})
