/** Which requests a run file has lines for, and where the last line of each is. */
import { LineIndex } from './line-index.ts'
import type { IndexEntry } from './line-index.ts'
import { KeyTable } from './key-table.ts'
import type { DoneLine } from '../core/journal.ts'

const POSITION = /^#(\d{1,15})$/

export class LineBook {
  /** How many requests with keys have a line. */
  keys = 0
  /** For requests named `#<position>`, and for lines of version 1. */
  readonly #byPosition = new LineIndex()
  /** For all other requests: maps their id to a number. */
  readonly #names = new KeyTable()
  readonly #byName = new LineIndex()
  /** Requests with a key, by their index in the earlier run. */
  readonly #atIndex = new LineIndex()

  set({ id, index, parent }: Pick<DoneLine, 'id' | 'index' | 'parent'>, place: IndexEntry): void {
    const position = positionOf(id)
    if (position !== undefined) return this.#byPosition.set(position, place)
    const before = this.#names.size
    this.#byName.set(this.#names.add(id), place)
    // A request that was found while running is named after the request that it was found in: `k:a/1`.
    if (!isKeyed(id) || parent !== undefined) return
    if (this.#names.size > before) this.keys++
    this.#atIndex.set(index, place)
  }

  get(id: string): IndexEntry | undefined {
    const position = positionOf(id)
    if (position !== undefined) return this.#byPosition.get(position)
    const number = this.#names.find(id)
    return number === undefined ? undefined : this.#byName.get(number)
  }

  keyedAt(index: number): IndexEntry | undefined {
    return this.keys > 0 ? this.#atIndex.get(index) : undefined
  }

  sharesPrint(print: string): boolean {
    return this.#byName.has(print, 2)
  }
}

export const isKeyed = (id: string): boolean => id.startsWith('k:')

/** The position in `#<position>`; undefined for any other id. */
export function positionOf(id: string): number | undefined {
  const digits = id.startsWith('#') ? POSITION.exec(id)?.[1] : undefined
  return digits === undefined ? undefined : Number(digits)
}

/** The name under which a line is found. Lines of version 1 are found by their index. */
export const lineNameOf = ({
  v,
  id,
  index,
}: {
  readonly v: 1 | 2
  readonly id: string
  readonly index: number
}): string => (v === 1 ? `#${index}` : id)
