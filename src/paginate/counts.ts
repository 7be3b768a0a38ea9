/** Numbers that pages are counted with: items of a page, totals. */
import { digitsOf } from '../core/exact-json.ts'
import type { Fault } from '../core/result.ts'
import { shapeOf } from './fields.ts'
import type { Finder } from './paths.ts'
import { refuse } from './style.ts'
import type { PageView } from './style.ts'

/** A whole number ≥ 0, also as text; undefined for anything else. */
export function wholeNumber(value: unknown): number | undefined {
  const digits = digitsOf(value)
  const isText = typeof value === 'string' && /^\d{1,16}$/.test(value)
  const number = digits !== undefined || isText ? Number(digits ?? value) : value
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined
}

/** A total; undefined if the page does not know it. APIs write -1 for that. */
export function totalIn(find: Finder | undefined, value: unknown): number | undefined | Fault {
  const part = find?.(value) ?? { found: undefined }
  if (!('found' in part)) return part
  const { found } = part
  if (found === undefined || found === null) return undefined
  if (typeof found === 'number' && found < 0 && Number.isFinite(found)) return undefined
  const got = typeof found === 'number' ? String(found) : shapeOf(found)
  return wholeNumber(found) ?? refuse('total', `expected a whole number as the total, got ${got}`)
}

/** The items of a page: the list of the caller's path, or the page itself if it is a list; undefined if unknown. */
export function listOf({ items, value }: PageView, hasItems: boolean): readonly unknown[] | undefined {
  if (items !== undefined) return items
  if (hasItems) return []
  return Array.isArray(value) ? (value as readonly unknown[]) : undefined
}

export const uncounted = (): Fault =>
  refuse('items', ['the items of the page cannot be counted. Say with ', { option: 'items' }, ' where they are'])

/**
 * Remembers the first page of a root. A server that ignores an unknown field answers the first page again, and would do
 * so for ever. Only objects are compared: lists of plain values may well be equal.
 */
export class FirstItems {
  #list: readonly unknown[] | undefined
  #head: string | undefined

  /** A Fault if this later page is the first one again. */
  check(list: readonly unknown[] | undefined, param: string): Fault | undefined {
    const [item] = list ?? []
    if (this.#list === undefined) {
      this.#list = list ?? []
      this.#head = typeof item === 'object' && item !== null ? JSON.stringify(item) : undefined
      return undefined
    }
    if (this.#head === undefined || list === undefined || list.length !== this.#list.length) return undefined
    if (JSON.stringify(item) !== this.#head || JSON.stringify(list) !== JSON.stringify(this.#list)) return undefined
    return refuse('loop', [
      `a later page is the first one again: the server may not know '${param}'. See `,
      { option: 'paginate.param' },
    ])
  }
}
