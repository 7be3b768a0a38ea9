/**
 * A source to which requests are added while it is read: what follows from an outcome goes before the next item of the
 * input, so that a request that was begun is finished first, and few are open at the same time.
 */
import type { Item, Pulled, Source } from './source.ts'
import { isThenable } from '../core/callback.ts'
import type { Standing } from '../core/standing.ts'
import { Ring } from '../core/ring.ts'
import type { Trip } from '../core/trip.ts'

/** What is known of the requests that follow. */
export interface Growth {
  /** Whether any request may lead to others. */
  readonly isGrowing: boolean
  /** Number of requests that may still lead to others. */
  readonly open: number
  /** The item that outcomes in the window wait for; undefined if there is none, or it has been taken. */
  due(): Item | undefined
  /** Called with each added item that is taken. */
  taken(item: Item): void
}

export class GrowingSource implements Source {
  readonly #base: Source
  readonly #growth: Growth
  readonly #added = new Ring<Item>()
  /** Items that were taken out of turn. */
  readonly #skipped = new Set<Item>()
  #pump: () => void = () => undefined
  /** The next item of the input: asked for, or there and not taken. */
  #next: 'awaited' | { readonly pulled: Pulled } | { readonly error: unknown } | undefined

  constructor(base: Source, growth: Growth) {
    this.#base = base
    this.#growth = growth
  }

  get size(): number | undefined {
    return this.#base.size
  }

  get lookAhead(): number {
    return this.#base.lookAhead
  }

  get isByLanes(): boolean {
    return this.#base.isByLanes === true
  }

  get isGrowing(): boolean {
    return this.#growth.isGrowing
  }

  get isAwaited(): boolean {
    return this.#next === 'awaited'
  }

  attach(pump: () => void): void {
    this.#pump = pump
  }

  add(item: Item): void {
    this.#added.push(item)
  }

  isUrgent(): boolean {
    return this.#growth.due() !== undefined
  }

  pull(): Pulled | Promise<Pulled> {
    return this.#pullAdded() ?? this.#pullBase()
  }

  #pullAdded(): Item | undefined {
    if (this.#added.size === 0) return undefined
    const due = this.#growth.due()
    if (due !== undefined) {
      this.#skipped.add(due)
      this.#growth.taken(due)
      return due
    }
    for (let item = this.#added.shift(); item !== undefined; item = this.#added.shift()) {
      if (this.#skipped.delete(item)) continue
      this.#growth.taken(item)
      return item
    }
    return undefined
  }

  /** No promise if something may be added meanwhile, which must not wait for the input. */
  #pullBase(): Pulled | Promise<Pulled> {
    if (this.#next === 'awaited') return 'later'
    if (this.#next !== undefined) return this.#given(this.#next)
    const pulled = this.#base.pull()
    if (!isThenable(pulled)) return pulled === 'done' ? this.#given({ pulled }) : pulled
    if (this.#growth.open === 0) return pulled
    this.#next = 'awaited'
    const come = (next: { readonly pulled: Pulled } | { readonly error: unknown }): void => {
      this.#next = next
      this.#pump()
    }
    pulled.then(
      item => come({ pulled: item }),
      (error: unknown) => come({ error }),
    )
    return 'later'
  }

  /** The end of the input, or its failure, comes last. */
  #given(next: { readonly pulled: Pulled } | { readonly error: unknown }): Pulled {
    const isLast = 'error' in next || next.pulled === 'done'
    this.#next = isLast ? next : undefined
    if (isLast && this.#growth.open > 0) return 'later'
    if ('error' in next) throw next.error
    return next.pulled
  }

  takeRest(take: (item: Item) => void): void {
    for (let item = this.#added.shift(); item !== undefined; item = this.#added.shift()) {
      if (this.#skipped.delete(item)) continue
      this.#growth.taken(item)
      take(item)
    }
    this.#base.takeRest(take)
  }

  wake(lane: string, standing?: Standing): void {
    this.#base.wake?.(lane, standing)
  }

  pulled(lane: string, trip: Trip): void {
    this.#base.pulled?.(lane, trip)
  }

  wants(standing: Standing): boolean {
    return this.#base.wants?.(standing) === true
  }

  backlogOf(lane: string | undefined): number {
    return this.#base.backlogOf?.(lane) ?? 0
  }

  close(): void {
    this.#base.close()
  }
}
