/** Which requests a run file has lines for, and where the last line of each is. */
import { LineIndex } from './line-index.ts'
import type { Place } from './line-index.ts'
import { KeyTable } from './key-table.ts'
import type { DoneLine } from '../core/journal.ts'

const POSITION = /^#(\d{1,15})$/

export class LineBook {
  hasKeys = false
  /** For requests named `#<position>`, and for lines of version 1. */
  readonly #byPosition = new LineIndex()
  /** For all other requests: maps their id to a number. */
  readonly #names = new KeyTable()
  readonly #byName = new LineIndex()
  /** Requests with a key, by their index in the earlier run. */
  readonly #atIndex = new LineIndex()

  set({ id, index }: Pick<DoneLine, 'id' | 'index'>, place: Place): void {
    const position = positionOf(id)
    if (position !== undefined) return this.#byPosition.set(position, place)
    this.hasKeys = true
    this.#byName.set(this.#names.add(id), place)
    this.#atIndex.set(index, place)
  }

  get(id: string): Place | undefined {
    const position = positionOf(id)
    if (position !== undefined) return this.#byPosition.get(position)
    const number = this.#names.find(id)
    return number === undefined ? undefined : this.#byName.get(number)
  }

  keyedAt(index: number): Place | undefined {
    return this.hasKeys ? this.#atIndex.get(index) : undefined
  }
}

/** The position in `#<position>`; undefined for any other id. */
export function positionOf(id: string): number | undefined {
  const digits = id.startsWith('#') ? POSITION.exec(id)?.[1] : undefined
  return digits === undefined ? undefined : Number(digits)
}

/** The name under which a line is found. Lines of version 1 are found by their index. */
export const nameOf = ({ v, id, index }: { readonly v: 1 | 2; readonly id: string; readonly index: number }): string =>
  v === 1 ? `#${index}` : id
