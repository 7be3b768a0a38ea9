/** How requests ended, as small numbers: a pair of code and status each. Their number is bounded. */

const MAX_CLASSES = 2_000
const OTHER_CODES = 'other codes'

export interface Ending {
  /** `ok`, or the code of the error. */
  readonly code: string
  readonly status: number | undefined
}

/** Started, without a result. */
export const IN_DOUBT = 0
/** Read from the input and not sent. */
export const UNSENT = 1

export class Classes {
  readonly list: Ending[] = [
    { code: 'started', status: undefined },
    { code: 'unsent', status: undefined },
  ]
  readonly #numbers = new Map<string, number>()

  numberOf(code: string, status: number | undefined): number {
    const name = `${code} ${status}`
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    if (this.list.length >= MAX_CLASSES) return this.#numbers.get(OTHER_CODES) ?? this.#add(OTHER_CODES, OTHER_CODES)
    return this.#add(name, code.slice(0, 100), status)
  }

  #add(name: string, code: string, status?: number): number {
    this.#numbers.set(name, this.list.length)
    return this.list.push({ code, status }) - 1
  }
}
