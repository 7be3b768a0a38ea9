/**
 * A paged API in its own process: `/?page=3` of 1,000 pages, `/?chain=2&cursor=300` of chains of any length, 100 items
 * each.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const PAGES = 1_000
const SIZE = 100

const itemsFrom = (first: number): object[] =>
  Array.from({ length: SIZE }, (_, index) => ({ id: first + index, name: `item ${first + index}` }))

const server = createServer(({ url = '/' }, response) => {
  const { searchParams } = new URL(url, 'http://localhost')
  const cursor = searchParams.get('cursor')
  const first = cursor === null ? (Number(searchParams.get('page') ?? 1) - 1) * SIZE : Number(cursor)
  const last = Number(searchParams.get('last') ?? 0)
  const body = JSON.stringify({
    total_pages: PAGES,
    next_cursor: cursor !== null && first + SIZE < last ? String(first + SIZE) : null,
    items: itemsFrom(first),
  })
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', 4_096, () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.on('disconnect', () => process.exit())
