/**
 * Pages: the requests of a run that belong together. A root is a request of the input. The pages that follow one
 * another are a chain; each request of a list that a page leads to begins a chain of its own, one level deeper.
 */
import type { Call } from './call.ts'
import { NumberSet } from './number-set.ts'
import type { Outcome } from './outcome.ts'
import type { PageChange, Paginator } from './pagination.ts'

/** A request of the input, with everything that follows from it. */
export class Root {
  readonly first: Page
  readonly isOrdered: boolean
  /** Pages so far, those that were not requested yet included. */
  pages = 0
  items = 0
  /** It has enough items: the others are not wanted. */
  isOver = false
  /** A limit was exceeded: nothing more is requested. */
  isRefused = false
  /** Pages whose outcome has been handed out. */
  delivered = 0
  /** Attempts of these pages. */
  attempts = 0

  /** @param isOrdered its pages are put into order, so each of them knows the next one */
  constructor(index: number, id: string, isOrdered: boolean) {
    this.isOrdered = isOrdered
    this.first = new Chain(this, index, id, 0, undefined).append(id, undefined)
  }
}

export class Chain {
  readonly root: Root
  /** The position of the root in the input. */
  readonly index: number
  /** The id of its first page, after which the others are named. */
  readonly head: string
  /** How many lists of follow-ups lead to it. */
  readonly depth: number
  readonly above: Chain | undefined
  /** Requests of its pages, as numbers that hardly ever are the same for two different ones. */
  readonly seen = new NumberSet()
  pages = 0
  /** Pages without an outcome. */
  open = 0
  /** The request of its first page, if the others are made from it. */
  first: Call | undefined = undefined
  paginator: Paginator | undefined = undefined
  #last: Page | undefined
  /** Pages that are known, and are requested one after the other. */
  readonly #waiting: Iterator<PageChange>[] = []

  constructor(root: Root, index: number, head: string, depth: number, above: Chain | undefined) {
    this.root = root
    this.index = index
    this.head = head
    this.depth = depth
    this.above = above
  }

  /** @param parent the id of the page that it was found in; undefined for a root */
  append(id: string, parent: string | undefined): Page {
    const page = new Page(this, this.pages++, id, parent)
    this.open++
    this.root.pages++
    if (this.root.isOrdered) {
      if (this.#last !== undefined) this.#last.next = page
      this.#last = page
    }
    return page
  }

  wait(changes: Iterable<PageChange>): void {
    this.#waiting.push(changes[Symbol.iterator]())
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0
  }

  nextWaiting(): PageChange | undefined {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const { done, value } = first.next()
      if (done !== true) return value
      this.#waiting.shift()
    }
    return undefined
  }

  /** Whether a page of this chain, or of one that led to it, had the same request. Remembers the request. */
  hasSeen(request: number): boolean {
    for (let { above } = this; above !== undefined; above = above.above) if (above.seen.has(request)) return true
    return !this.seen.add(request)
  }
}

const NO_PAGES: readonly Page[] = []

export class Page {
  readonly chain: Chain
  /** Position in its chain, from 0. */
  readonly number: number
  readonly id: string
  readonly parent: string | undefined
  /** The next page of its chain, as far as it is known. */
  next: Page | undefined = undefined
  /** First pages of the chains that this page leads to. */
  children: readonly Page[] = NO_PAGES
  /** It was found in a page of an earlier run. */
  isOfRunFile = false
  /** Its items count instead of its value. */
  hasItems = false
  /** Set while the outcome waits for its turn, or for the other pages of its root. */
  outcome: Outcome | undefined = undefined
  /** All that is kept of a page that has arrived and whose outcome is not needed any more. */
  items: readonly unknown[] | undefined = undefined

  constructor(chain: Chain, number: number, id: string, parent: string | undefined) {
    this.chain = chain
    this.number = number
    this.id = id
    this.parent = parent
  }
}
