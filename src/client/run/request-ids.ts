/**
 * The id of a request: `k:<key>` if it has a key, otherwise `#<position>`; the second request with the same key is
 * `k:<key>~2`. Every run of the same input gives the same ids, so a run file recognises its requests.
 */
import { isRecord } from '../../config/kinds.ts'
import { ChildIds } from '../../engine/child-ids.ts'
import { KeyTable } from '../../store/key-table.ts'

export class RequestIds {
  readonly #seen = new KeyTable()
  /** The number of requests per key, by the key's number; only for keys that more than one request has. */
  readonly #counts = new Map<number, number>()
  /** For an array, which is not taken in its order: the ids of requests whose key came before, by position. */
  readonly #repeats: ReadonlyMap<number, string> | undefined

  readonly #given: readonly string[] | undefined
  /** The keys of the options. Filled only if requests are discovered while running. */
  #givenSet: ReadonlySet<string> | undefined
  readonly #children = new ChildIds(id => id.startsWith('k:') && this.#isTaken(id.slice(2)))

  /** @param items of the run @param keys of the options: no two are the same */
  constructor(items?: unknown, keys?: readonly string[]) {
    this.#given = keys
    if (keys !== undefined) this.#repeats = new Map()
    else if (Array.isArray(items)) this.#repeats = this.#repeatsIn(items)
  }

  /** MUST be called once for each item of a lazy input, in its order. */
  of(index: number, key: string | undefined): string {
    if (key === undefined) return `#${index}`
    return this.#repeats === undefined ? this.#next(key) : (this.#repeats.get(index) ?? `k:${key}`)
  }

  /** The id of a request that was discovered while `parent` was in flight: `<parent>/<n>`. */
  childOf(parent: string): string {
    const id = this.#children.next(parent)
    // A later key must not get the same id.
    if (id.startsWith('k:')) this.#seen.add(id.slice(2))
    return id
  }

  /** No further request will be found in `parent`. */
  end(parent: string): void {
    this.#children.end(parent)
  }

  #isTaken(key: string): boolean {
    this.#givenSet ??= new Set(this.#given)
    return this.#givenSet.has(key) || this.#seen.find(key) !== undefined
  }

  #next(key: string): string {
    const before = this.#seen.size
    const number = this.#seen.add(key)
    if (number === before) return `k:${key}`
    // A key may look like the id of the second request with another key.
    for (let count = (this.#counts.get(number) ?? 1) + 1; ; count++) {
      const name = `${key}~${count}`
      if (this.#seen.find(name) !== undefined) continue
      this.#counts.set(number, count)
      this.#seen.add(name)
      return `k:${name}`
    }
  }

  #repeatsIn(items: readonly unknown[]): Map<number, string> {
    const repeats = new Map<number, string>()
    for (let index = 0; index < items.length; index++) {
      const item = items[index]
      const key = typeof item === 'object' ? itemKey(item) : undefined
      if (key === undefined) continue
      const id = this.#next(key)
      if (id.length !== key.length + 2) repeats.set(index, id)
    }
    return repeats
  }
}

/** An item that throws when it is read fails alone, when it is pulled. */
function itemKey(item: unknown): string | undefined {
  try {
    const key: unknown = isRecord(item) && !(item instanceof URL) ? item['key'] : undefined
    return typeof key === 'string' ? key : undefined
  } catch {
    return undefined
  }
}
