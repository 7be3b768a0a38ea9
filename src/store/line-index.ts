/**
 * Where the line of an index stands in the run file, for millions of them.
 *
 * Pages of typed arrays, so that a line costs 12 bytes and its id: 28 MB for a million ids of 32 hexadecimal digits,
 * a fifth of what objects take. Ids that are not like the first one are kept aside as text.
 */

export interface Place {
  readonly id: string
  readonly ok: boolean
  readonly offset: number
  readonly length: number
}

interface Page {
  readonly offsets: Float64Array
  /** Twice the length, plus one for `ok`; 0 for none. */
  readonly lengths: Uint32Array
  readonly ids: Buffer
}

const PAGE_SIZE = 1_024
/** Of an id in a page, in bytes. */
const MAX_WIDTH = 64
const HEX = /^(?:[0-9a-f]{2})+$/
const ASCII = /^[\x20-\x7e]+$/

export class LineIndex {
  // A map and not an array: an index may be any number that somebody wrote.
  readonly #pages = new Map<number, Page>()
  readonly #strays = new Map<number, string>()
  #packing: 'hex' | 'latin1' = 'hex'
  #width: number | undefined

  set(index: number, { id, ok, offset, length }: Place): void {
    this.#width ??= this.#choose(id)
    const page = this.#page(index)
    const slot = index % PAGE_SIZE
    page.offsets[slot] = offset
    page.lengths[slot] = length * 2 + (ok ? 1 : 0)
    if (this.#fits(id)) {
      page.ids.write(id, slot * this.#width, this.#packing)
      this.#strays.delete(index)
    } else this.#strays.set(index, id)
  }

  get(index: number): Place | undefined {
    const page = this.#pages.get(Math.floor(index / PAGE_SIZE))
    const slot = index % PAGE_SIZE
    const packed = page?.lengths[slot]
    if (page === undefined || packed === undefined || packed === 0) return undefined
    const width = this.#width ?? 0
    return {
      id: this.#strays.get(index) ?? page.ids.toString(this.#packing, slot * width, (slot + 1) * width),
      ok: packed % 2 === 1,
      offset: page.offsets[slot] as number,
      length: Math.floor(packed / 2),
    }
  }

  /** All ids are fingerprints by one function, so the first one tells how to pack them. */
  #choose(id: string): number {
    this.#packing = HEX.test(id) ? 'hex' : 'latin1'
    const width = this.#packing === 'hex' ? id.length / 2 : id.length
    return width > MAX_WIDTH ? 0 : width
  }

  #fits(id: string): boolean {
    if (this.#packing === 'hex') return id.length === 2 * (this.#width as number) && HEX.test(id)
    return id.length === this.#width && ASCII.test(id)
  }

  #page(index: number): Page {
    const number = Math.floor(index / PAGE_SIZE)
    let page = this.#pages.get(number)
    if (page === undefined) {
      page = {
        offsets: new Float64Array(PAGE_SIZE),
        lengths: new Uint32Array(PAGE_SIZE),
        ids: Buffer.alloc(PAGE_SIZE * (this.#width as number)),
      }
      this.#pages.set(number, page)
    }
    return page
  }
}
