/**
 * The pages of a run whose outcomes have not been handed out, by their ids; and the outcomes in the order of the input:
 * each page after the one before it, what a page leads to right after it, one root after the other.
 */
import type { Page, Root } from '../../core/page.ts'
import type { Outcome } from '../../core/outcome.ts'

export class Pages {
  readonly #byId = new Map<string, Page>()

  add(page: Page): void {
    this.#byId.set(page.id, page)
  }

  /** The page of this outcome; undefined if nothing can follow it. */
  take(outcome: Outcome): Page | undefined {
    if (this.#byId.size === 0) return undefined
    const page = this.#byId.get(outcome.id)
    if (page !== undefined) this.#byId.delete(outcome.id)
    return page
  }
}

/** The pages of a root from `page` on, in order. */
export function* inOrder(page: Page | undefined): Generator<Page> {
  for (let next = page; next !== undefined; next = next.next) {
    yield next
    for (const child of next.children) yield* inOrder(child)
  }
}

type Head = Page | { readonly outcome: Outcome }

/** Puts the outcomes of a run into order. It holds the ones that finish early. */
export class PageOrder {
  readonly #pages: Pages
  readonly #heads = new Map<number, Head>()
  /** The pages that come next, the first one last. */
  readonly #stack: Page[] = []
  #nextIndex = 0

  constructor(pages: Pages) {
    this.#pages = pages
  }

  /** The page that all others wait for, if it is known. */
  get due(): Page | undefined {
    return this.#stack.at(-1)
  }

  take(outcome: Outcome, offer: (outcome: Outcome) => void): void {
    const page = this.#pages.take(outcome)
    if (page === undefined) this.#heads.set(outcome.index, { outcome })
    else {
      page.outcome = outcome
      if (page.parent === undefined) this.#heads.set(outcome.index, page)
    }
    while (this.#step(offer));
  }

  /** Offers the next outcome, if it is there. */
  #step(offer: (outcome: Outcome) => void): boolean {
    const page = this.#stack.pop()
    if (page === undefined) return this.#nextRoot(offer)
    const { outcome } = page
    if (outcome === undefined) {
      this.#stack.push(page)
      return false
    }
    page.outcome = undefined
    if (page.next !== undefined) this.#stack.push(page.next)
    for (const child of page.children.toReversed()) this.#stack.push(child)
    offer(outcome)
    return true
  }

  #nextRoot(offer: (outcome: Outcome) => void): boolean {
    const head = this.#heads.get(this.#nextIndex)
    if (head === undefined) return false
    this.#heads.delete(this.#nextIndex++)
    if ('chain' in head) this.#stack.push(head)
    else offer(head.outcome)
    return true
  }
}

/**
 * Collects what arrives of each root, and hands the root out when it is complete. Of most pages only the items are kept:
 * outcomes that all live until the end of a call are moved by each collection of garbage, and V8 then creates their
 * successors in old space.
 */
export class RootCollector {
  readonly #pages: Pages
  readonly #complete: (root: Root) => void

  constructor(pages: Pages, complete: (root: Root) => void) {
    this.#pages = pages
    this.#complete = complete
  }

  /** False for an outcome that nothing can follow. */
  take(outcome: Outcome): boolean {
    const page = this.#pages.take(outcome)
    if (page === undefined) return false
    const { root } = page.chain
    root.attempts += outcome.attempts
    page.items = itemsIn(page, outcome)
    if (page === root.first || !outcome.ok || outcome.warnings.length > 0) page.outcome = outcome
    if (++root.delivered === root.pages) this.#complete(root)
    return true
  }
}

function itemsIn({ hasItems }: Page, outcome: Outcome): readonly unknown[] {
  if (!outcome.ok) return outcome.error.items ?? []
  return hasItems ? (outcome.items ?? []) : [outcome.value]
}
