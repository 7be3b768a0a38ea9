/**
 * The jars of a client: one for all requests without credentials, and one per credential, of which the ones used last
 * are kept. With `shareCookies: false`, one per request.
 *
 * A request keeps its jar while it runs, so that its redirect hops and retries see the same cookies, however many other
 * jars are used meanwhile.
 */
import type { CookieStore } from '../core/ports.ts'
import type { Trip } from '../core/trip.ts'

const MAX_JARS = 1_000

interface Held {
  readonly identity: string | undefined
  readonly jar: CookieStore
}

export class Jars {
  /**
   * The jar of requests without credentials: the caller's, that of the cookie file, or one made for the first cookie.
   */
  client: CookieStore | undefined
  readonly #isShared: boolean
  /** By identity, the most recently used last. */
  readonly #byIdentity: Map<string, CookieStore> = new Map()
  #held: WeakMap<Trip, Held> = new WeakMap()

  constructor(isShared: boolean) {
    this.#isShared = isShared
  }

  /** The jar of a request; undefined until a cookie is put into it. */
  of(trip: Trip): CookieStore | undefined {
    const { identity } = trip
    if (this.#isShared && identity === undefined) return this.client
    const held = this.#held.get(trip)
    if (held !== undefined && (!this.#isShared || held.identity === identity)) return this.#use(trip, held)
    const jar = this.#isShared && identity !== undefined ? this.#byIdentity.get(identity) : undefined
    return jar && this.#use(trip, { identity, jar })
  }

  /** Gives a jar to a request that has none. */
  add(trip: Trip, jar: CookieStore): CookieStore {
    if (this.#isShared && trip.identity === undefined) return (this.client = jar)
    return this.#use(trip, { identity: trip.identity, jar })
  }

  /** Empties them all. */
  clear(): void {
    this.client?.removeAllCookiesSync()
    this.#byIdentity.clear()
    this.#held = new WeakMap()
  }

  #use(trip: Trip, held: Held): CookieStore {
    this.#held.set(trip, held)
    const { identity, jar } = held
    if (!this.#isShared || identity === undefined) return jar
    this.#byIdentity.delete(identity)
    this.#byIdentity.set(identity, jar)
    if (this.#byIdentity.size > MAX_JARS) this.#byIdentity.delete(this.#byIdentity.keys().next().value as string)
    return jar
  }
}
