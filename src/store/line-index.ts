/**
 * Where the line of an index stands in the run file, for millions of them.
 *
 * Pages of typed arrays, so that a line costs 12 bytes and its fingerprint: 28 MB for a million of 16 letters, a fifth of
 * what objects take. Fingerprints that are not like the first one are kept aside as text.
 */

export interface Place {
  readonly v: 1 | 2
  readonly print: string
  readonly ok: boolean
  readonly offset: number
  readonly length: number
}

interface Page {
  readonly offsets: Float64Array
  /** Four times the length, plus one for `ok` and two for version 1; 0 for none. */
  readonly lengths: Uint32Array
  readonly prints: Buffer
}

const PAGE_SIZE = 1_024
/** Of a fingerprint in a page, in bytes. */
const MAX_WIDTH = 64
const HEX = /^(?:[0-9a-f]{2})+$/
const ASCII = /^[\x20-\x7e]+$/

export class LineIndex {
  // A map and not an array: an index may be any number that somebody wrote.
  readonly #pages = new Map<number, Page>()
  readonly #strays = new Map<number, string>()
  #packing: 'hex' | 'latin1' = 'hex'
  #width: number | undefined

  set(index: number, { v, print, ok, offset, length }: Place): void {
    this.#width ??= this.#choose(print)
    const page = this.#page(index)
    const slot = index % PAGE_SIZE
    page.offsets[slot] = offset
    page.lengths[slot] = length * 4 + (ok ? 1 : 0) + (v === 1 ? 2 : 0)
    if (this.#fits(print)) {
      page.prints.write(print, slot * this.#width, this.#packing)
      this.#strays.delete(index)
    } else this.#strays.set(index, print)
  }

  get(index: number): Place | undefined {
    const page = this.#pages.get(Math.floor(index / PAGE_SIZE))
    const slot = index % PAGE_SIZE
    const packed = page?.lengths[slot]
    if (page === undefined || packed === undefined || packed === 0) return undefined
    const width = this.#width ?? 0
    return {
      v: packed % 4 >= 2 ? 1 : 2,
      print: this.#strays.get(index) ?? page.prints.toString(this.#packing, slot * width, (slot + 1) * width),
      ok: packed % 2 === 1,
      offset: page.offsets[slot] as number,
      length: Math.floor(packed / 4),
    }
  }

  /** All are fingerprints by one function, so the first one tells how to pack them. */
  #choose(print: string): number {
    this.#packing = HEX.test(print) ? 'hex' : 'latin1'
    const width = this.#packing === 'hex' ? print.length / 2 : print.length
    return width > MAX_WIDTH ? 0 : width
  }

  #fits(print: string): boolean {
    if (this.#packing === 'hex') return print.length === 2 * (this.#width as number) && HEX.test(print)
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
      }
      this.#pages.set(number, page)
    }
    return page
  }
}
