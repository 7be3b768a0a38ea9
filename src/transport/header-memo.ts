/**
 * The headers of a response as a flat list, the same list again when the response before had the same ones.
 *
 * Answers of one server look alike to the letter (`Date` changes once a second). Sharing their list spares a batch
 * half of what it would keep per outcome, and the garbage collector half of its copying (bench/overhead.ts).
 */
import type { HeaderList } from '../core/headers.ts'

export class HeaderMemo {
  #last: HeaderList = []

  list(headers: Readonly<Record<string, string | readonly string[]>>): HeaderList {
    if (!isSame(this.#last, headers)) this.#last = flat(headers)
    return this.#last
  }
}

function isSame(list: HeaderList, headers: Readonly<Record<string, string | readonly string[]>>): boolean {
  let at = 0
  for (const name in headers) {
    if (list[at] !== name || list[at + 1] !== headers[name]) return false
    at += 2
  }
  return at === list.length
}

function flat(headers: Readonly<Record<string, string | readonly string[]>>): HeaderList {
  const list: string[] = []
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') list.push(name, value)
    else for (const item of value) list.push(name, item)
  }
  return list
}
