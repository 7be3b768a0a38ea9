/**
 * The headers of a response as a flat list. Returns the same list again if the previous response had the same headers.
 *
 * Responses of one server are mostly identical (`Date` changes once per second). Sharing the list saves a batch half of
 * what it would keep per outcome, and the garbage collector half of its copying (bench/overhead.ts).
 */
import type { HeaderList } from '../core/headers.ts'

export class HeaderMemo {
  #last: HeaderList = []
  #lastRaw: readonly string[] = []
  #lastFields: HeaderList = []

  /** Of names in lower case and values in turn; drops pseudo fields. */
  fields(raw: readonly string[]): HeaderList {
    const last = this.#lastRaw
    const isSame = raw.length === last.length && raw.every((text, at) => text === last[at])
    if (isSame) return this.#lastFields
    this.#lastRaw = raw
    const list: string[] = []
    for (let at = 0; at < raw.length; at += 2) {
      const name = raw[at] as string
      if (!name.startsWith(':')) list.push(name, raw[at + 1] as string)
    }
    return (this.#lastFields = list)
  }

  list(headers: Readonly<Record<string, string | readonly string[]>>): HeaderList {
    if (!isSameList(this.#last, headers)) this.#last = flat(headers)
    return this.#last
  }
}

function isSameList(list: HeaderList, headers: Readonly<Record<string, string | readonly string[]>>): boolean {
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
