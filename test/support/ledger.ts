/** Reads what a raw server has been sent: every byte of every connection, and how many requests are whole in it. */
import type { RawServer } from './raw-server.ts'

export interface Copy {
  readonly method: string
  readonly head: string
  readonly body: string
}

/** The whole requests in what one connection brought; the rest behind the last of them is part of one. */
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

/** Every whole copy that the server was given, over all connections, cut ones included. */
export function wholeCopies(server: RawServer): Copy[] {
  return server.connections.flatMap(({ text }) => copiesIn(text))
}

/** Connections over which at least one byte came. */
export function connectionsWithBytes(server: RawServer): number {
  return server.connections.filter(({ text }) => text !== '').length
}

/** What each copy, whole or begun, says in this header; those that were cut before it say nothing. */
export function headerValues(server: RawServer, name: string): string[] {
  const field = new RegExp(`^${name}: (.*)\\r$`, 'gim')
  return server.connections.flatMap(({ text }) => [...text.matchAll(field)].map(match => match[1] ?? ''))
}
