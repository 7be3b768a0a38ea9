/**
 * Weighted starts as they were booked, oldest first, each linked to the next.
 *
 * What a request really took is often known after its response only, so a booking can be changed later: window and
 * bucket share this one record of it. A link is cut once its booking is too old to be changed, because a request
 * that lasts for hours must not keep every later one in memory.
 */

/** One start and what it weighs. */
export interface Booking {
  readonly atMs: number
  weight: number
  /** The state of the bucket just before it, from which a change is reckoned again. */
  fullBeforeMs: number
  next: Booking | undefined
}

/** One half of a weighted rate: the window or the bucket. */
export interface Weighted {
  /** Milliseconds until this weight fits; Infinity: never. MUST change nothing. */
  waitMs(nowMs: number, weight: number): number
  /** Takes the newest booking of the chain. */
  book(booking: Booking): void
  /** To be told before the new weight is written into the booking and everything after it is still linked. */
  correct(booking: Booking, weight: number): void
  isIdle(nowMs: number): boolean
}

export class Bookings {
  #oldest: Booking | undefined
  #newest: Booking | undefined
  readonly #keepMs: number

  constructor(keepMs: number) {
    this.#keepMs = keepMs
  }

  add(atMs: number, weight: number): Booking {
    const booking: Booking = { atMs, weight, fullBeforeMs: -Infinity, next: undefined }
    if (this.#newest !== undefined) this.#newest.next = booking
    this.#newest = booking
    this.#oldest ??= booking
    return booking
  }

  /** Lets go of what can no longer be changed; the newest always stays. */
  cut(nowMs: number): void {
    let oldest = this.#oldest
    while (oldest?.next !== undefined && oldest.atMs + this.#keepMs <= nowMs) {
      const { next }: Booking = oldest
      oldest.next = undefined
      oldest = next
    }
    this.#oldest = oldest
  }

  /** Bookings of the same time are cut together. */
  has(booking: Booking): boolean {
    return this.#oldest !== undefined && booking.atMs >= this.#oldest.atMs
  }
}
