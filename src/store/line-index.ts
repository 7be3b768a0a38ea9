/**
 * Where the line of an index is in the run file, for millions of lines.
 *
 * Pages of typed arrays: a line costs 12 bytes plus its fingerprint (and 2 for its code in a page with a failure), so a million lines with fingerprints of 16 letters
 * take 28 MB, a fifth of what objects take. Fingerprints that differ in form from the first one are stored as strings.
 */

export interface IndexEntry {
  readonly v: 1 | 2
  readonly print: string
  readonly ok: boolean
  /** The code of a failure. */
  readonly code?: string
  readonly offset: number
  readonly length: number
}

interface Page {
  readonly offsets: Float64Array
  /** Four times the length, plus one for `ok` and two for version 1; 0 for an empty slot. */
  readonly lengths: Uint32Array
  readonly prints: Buffer
  /** Numbers of the codes of failures, 0 for none; made with the first failure. */
  codes: Uint16Array | undefined
}

const PAGE_SIZE = 1_024
/** Most different codes: a file from elsewhere may have any number. Lines beyond them have none here. */
const MAX_CODES = 65_535
/** Largest fingerprint that is stored in a page, in bytes. */
const MAX_WIDTH = 64
const HEX_TEXT = /^(?:[0-9a-f]{2})+$/
const ASCII = /^[\x20-\x7e]+$/

export class LineIndex {
  // A map rather than an array: an index read from a file may be any number.
  readonly #pages = new Map<number, Page>()
  readonly #strays = new Map<number, string>()
  #packing: 'hex' | 'latin1' = 'hex'
  #width: number | undefined
  /** Each code once: a run has a few of them. */
  readonly #codes: string[] = ['']
  readonly #numbers = new Map<string, number>()

  set(index: number, { v, print, ok, code, offset, length }: IndexEntry): void {
    this.#width ??= this.#choose(print)
    const page = this.#page(index)
    const slot = index % PAGE_SIZE
    page.offsets[slot] = offset
    page.lengths[slot] = length * 4 + (ok ? 1 : 0) + (v === 1 ? 2 : 0)
    if (code !== undefined) (page.codes ??= new Uint16Array(PAGE_SIZE))[slot] = this.#numberOf(code)
    else if (page.codes !== undefined) page.codes[slot] = 0
    if (this.#fits(print)) {
      page.prints.write(print, slot * this.#width, this.#packing)
      this.#strays.delete(index)
    } else this.#strays.set(index, print)
  }

  get(index: number): IndexEntry | undefined {
    const page = this.#pages.get(Math.floor(index / PAGE_SIZE))
    const slot = index % PAGE_SIZE
    const packed = page?.lengths[slot]
    if (page === undefined || packed === undefined || packed === 0) return undefined
    const width = this.#width ?? 0
    const number = page.codes?.[slot] ?? 0
    return {
      v: packed % 4 >= 2 ? 1 : 2,
      print: this.#strays.get(index) ?? page.prints.toString(this.#packing, slot * width, (slot + 1) * width),
      ok: packed % 2 === 1,
      ...(number > 0 && { code: this.#codes[number] as string }),
      offset: page.offsets[slot] as number,
      length: Math.floor(packed / 4),
    }
  }

  #numberOf(code: string): number {
    const known = this.#numbers.get(code)
    if (known !== undefined) return known
    if (this.#codes.length > MAX_CODES) return 0
    const number = this.#codes.push(code) - 1
    this.#numbers.set(code, number)
    return number
  }

  /** Whether at least so many lines have this fingerprint. Looks at all of them. */
  has(print: string, count: number): boolean {
    let found = 0
    for (const number of this.#pages.keys()) {
      for (let slot = 0; slot < PAGE_SIZE && found < count; slot++) {
        if (this.get(number * PAGE_SIZE + slot)?.print === print) found++
      }
    }
    return found >= count
  }

  /** All fingerprints come from one function, so the first one decides how they are packed. */
  #choose(print: string): number {
    this.#packing = HEX_TEXT.test(print) ? 'hex' : 'latin1'
    const width = this.#packing === 'hex' ? print.length / 2 : print.length
    return width > MAX_WIDTH ? 0 : width
  }

  #fits(print: string): boolean {
    if (this.#packing === 'hex') return print.length === 2 * (this.#width as number) && HEX_TEXT.test(print)
    return print.length === this.#width && ASCII.test(print)
  }

  #page(index: number): Page {
    const number = Math.floor(index / PAGE_SIZE)
    let page = this.#pages.get(number)
    if (page === undefined) {
      page = {
        offsets: new Float64Array(PAGE_SIZE),
        lengths: new Uint32Array(PAGE_SIZE),
        prints: Buffer.alloc(PAGE_SIZE * (this.#width as number)),
        codes: undefined,
      }
      this.#pages.set(number, page)
    }
    return page
  }
}
