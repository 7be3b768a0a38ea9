/**
 * A small number for each request by its id, so that the last line of a request replaces what earlier ones counted.
 *
 * Four bytes for `#<position>`, up to 36 for any other id, and never more than about 180 MB: beyond that, further ids are
 * not remembered, and the report says that repeats of them are counted again.
 */
import { KeyTable } from '../store/key-table.ts'
import { positionOf } from '../store/line-book.ts'

const PAGE_SIZE = 4_096
/** Three quarters of a table of 4,194,304 slots: the table does not grow beyond that. */
const MAX_NAMES = 3_000_000
/** 64 MB. */
const MAX_PAGES = 4_096

type Pages = Map<number, Uint32Array>

export class IdStates {
  /** How many ids were not remembered. */
  forgotten = 0
  readonly #byPosition: Pages = new Map()
  readonly #names: KeyTable
  readonly #byName: Pages = new Map()
  readonly #maxNames: number

  /** @param names numbers the ids; two runs that are compared share one */
  constructor(names = new KeyTable(), maxNames = MAX_NAMES) {
    this.#names = names
    this.#maxNames = maxNames
  }

  /** Sets the state of an id and returns the one before, 0 for none. */
  swap(id: string, state: number): number {
    const position = positionOf(id)
    const place = position ?? this.#numberOf(id)
    const pages = position === undefined ? this.#byName : this.#byPosition
    const page = place === undefined ? undefined : pageOf(pages, Math.floor(place / PAGE_SIZE))
    if (page === undefined) {
      this.forgotten++
      return 0
    }
    const slot = (place as number) % PAGE_SIZE
    const before = page[slot] as number
    page[slot] = state
    return before
  }

  /** The state of an id, 0 for none. */
  get(id: string): number {
    const position = positionOf(id)
    const place = position ?? this.#names.find(id)
    if (place === undefined) return 0
    const pages = position === undefined ? this.#byName : this.#byPosition
    return pages.get(Math.floor(place / PAGE_SIZE))?.[place % PAGE_SIZE] ?? 0
  }

  /** Calls `visit` with the states of each id that has one here or in the other table, which shares the names. */
  compare(other: IdStates, visit: (mine: number, theirs: number) => void): void {
    comparePages(this.#byPosition, other.#byPosition, visit)
    comparePages(this.#byName, other.#byName, visit)
  }

  #numberOf(id: string): number | undefined {
    return this.#names.size < this.#maxNames ? this.#names.add(id) : this.#names.find(id)
  }
}

/** Undefined if there are too many. */
function pageOf(pages: Pages, number: number): Uint32Array | undefined {
  const known = pages.get(number)
  if (known !== undefined || pages.size >= MAX_PAGES) return known
  const made = new Uint32Array(PAGE_SIZE)
  pages.set(number, made)
  return made
}

function comparePages(mine: Pages, theirs: Pages, visit: (mine: number, theirs: number) => void): void {
  for (const number of new Set([...mine.keys(), ...theirs.keys()])) {
    const [one, other] = [mine.get(number), theirs.get(number)]
    for (let slot = 0; slot < PAGE_SIZE; slot++) {
      const [a, b] = [one?.[slot] ?? 0, other?.[slot] ?? 0]
      if (a !== 0 || b !== 0) visit(a, b)
    }
  }
}
