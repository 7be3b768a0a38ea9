/**
 * What a request is called: `k:<key>` where it has a key, else `#<position>`; the second one with a key is `k:<key>~2`.
 * The same in every run of the same input, so that a run file knows it again.
 */
import { isRecord } from '../../config/kinds.ts'
import { ChildIds } from '../../engine/child-ids.ts'
import { KeyTable } from '../../store/key-table.ts'

export class RequestIds {
  readonly #seen = new KeyTable()
  /** How many there were of a key, by its number; of those with more than one. */
  readonly #counts = new Map<number, number>()
  /** Of an array, which is not taken in its order: those of keys that came before, by position. */
  readonly #repeats: ReadonlyMap<number, string> | undefined

  readonly #given: readonly string[] | undefined
  /** The given keys, looked up only where requests are found while running. */
  #givenSet: ReadonlySet<string> | undefined
  readonly #children = new ChildIds(id => id.startsWith('k:') && this.#isTaken(id.slice(2)))

  /** @param items of the run @param keys of the options: no two are the same */
  constructor(items?: unknown, keys?: readonly string[]) {
    this.#given = keys
    if (keys !== undefined) this.#repeats = new Map()
    else if (Array.isArray(items)) this.#repeats = this.#repeatsIn(items)
  }

  /** To be asked once for each item of a lazy input, in its order. */
  of(index: number, key: string | undefined): string {
    if (key === undefined) return `#${index}`
    return this.#repeats === undefined ? this.#next(key) : (this.#repeats.get(index) ?? `k:${key}`)
  }

  /** Of a request that was found while `parent` was under way: `<parent>/<n>`. */
  childOf(parent: string): string {
    const id = this.#children.next(parent)
    // A key that comes later must not be given the same name.
    if (id.startsWith('k:')) this.#seen.add(id.slice(2))
    return id
  }

  #isTaken(key: string): boolean {
    this.#givenSet ??= new Set(this.#given)
    return this.#givenSet.has(key) || this.#seen.find(key) !== undefined
  }

  #next(key: string): string {
    const before = this.#seen.size
    const number = this.#seen.add(key)
    if (number === before) return `k:${key}`
    // A key may look like the second one of another.
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

/** An item that throws when it is looked at fails by itself when its turn comes. */
function itemKey(item: unknown): string | undefined {
  try {
    const key: unknown = isRecord(item) && !(item instanceof URL) ? item['key'] : undefined
    return typeof key === 'string' ? key : undefined
  } catch {
    return undefined
  }
}
