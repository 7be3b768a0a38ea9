/** Which requests a run file knows, and where the last line of each stands. */
import { LineIndex } from './line-index.ts'
import type { Place } from './line-index.ts'
import { KeyTable } from './key-table.ts'
import type { DoneLine } from '../core/journal.ts'

const POSITION = /^#(\d{1,15})$/

export class LineBook {
  hasKeys = false
  /** Of `#<position>`, and of version 1. */
  readonly #byPosition = new LineIndex()
  /** All others have a number of their own. */
  readonly #names = new KeyTable()
  readonly #byName = new LineIndex()
  /** Those, by where they were in their run. */
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

/** Undefined where it is known by a name. */
export function positionOf(id: string): number | undefined {
  const digits = id.startsWith('#') ? POSITION.exec(id)?.[1] : undefined
  return digits === undefined ? undefined : Number(digits)
}

/** By what a line is found: those of version 1 by their index. */
export const nameOf = ({ v, id, index }: { readonly v: 1 | 2; readonly id: string; readonly index: number }): string =>
  v === 1 ? `#${index}` : id
