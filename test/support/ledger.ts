/** Reads what was sent to a raw server: every byte of every connection, and the complete requests in it. */
import type { RawServer } from './raw-server.ts'

export interface Copy {
  readonly method: string
  readonly head: string
  readonly body: string
}

/** The complete requests in the text of one connection. Bytes after the last one are part of an incomplete request. */
function copiesIn(text: string): Copy[] {
  const copies: Copy[] = []
  for (let at = 0; ;) {
    const bodyAt = text.indexOf('\r\n\r\n', at) + 4
    if (bodyAt < 4) return copies
    const head = text.slice(at, bodyAt)
    const end = endOfBody(text, bodyAt, head)
    if (end > text.length) return copies
    copies.push({ method: head.slice(0, head.indexOf(' ')), head, body: text.slice(bodyAt, end) })
    at = end
  }
}

function endOfBody(text: string, bodyAt: number, head: string): number {
  if (!/^transfer-encoding: chunked/im.test(head)) {
    return bodyAt + Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
  }
  const lastAt = text.indexOf('0\r\n\r\n', bodyAt)
  return lastAt === -1 ? Infinity : lastAt + 5
}

/** Every complete copy that the server received, over all connections, including those that were cut. */
export function wholeCopies(server: RawServer): Copy[] {
  return server.connections.flatMap(({ text }) => copiesIn(text))
}

/** The number of connections that brought at least one byte. */
export function connectionsWithBytes(server: RawServer): number {
  return server.connections.filter(({ text }) => text !== '').length
}

/** The value of this header in each copy, complete or not. Copies that were cut before it have none. */
export function headerValues(server: RawServer, name: string): string[] {
  const field = new RegExp(`^${name}: (.*)\\r$`, 'gim')
  return server.connections.flatMap(({ text }) => [...text.matchAll(field)].map(match => match[1] ?? ''))
}
