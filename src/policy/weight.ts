/**
 * Weighted starts as they were booked, oldest first, each linked to the next.
 *
 * The real weight of a request is often known only after its response, so a booking can be corrected later; window and
 * bucket share this record. Bookings too old to be corrected are unlinked: otherwise a request that lasts for hours
 * would keep every later booking in memory.
 */

/** One start and its weight. */
export interface Booking {
  readonly atMs: number
  weight: number
  /** The state of the bucket just before this start. A correction is recomputed from here. */
  fullBeforeMs: number
  next: Booking | undefined
}

/** One half of a weighted rate: the window or the bucket. */
export interface Weighted {
  /** Milliseconds until this weight fits; Infinity: never. MUST change nothing. */
  waitMs(nowMs: number, weight: number): number
  /** Takes the newest booking of the chain. */
  book(booking: Booking): void
  /** MUST be called before the new weight is written into the booking, while all later bookings are still linked. */
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

  /** Unlinks bookings that can no longer be corrected. The newest one always stays. */
  cut(nowMs: number): void {
    let oldest = this.#oldest
    while (oldest?.next !== undefined && oldest.atMs + this.#keepMs <= nowMs) {
      const { next }: Booking = oldest
      oldest.next = undefined
      oldest = next
    }
    this.#oldest = oldest
  }

  /** Bookings made at the same time are unlinked together. */
  has(booking: Booking): boolean {
    return this.#oldest !== undefined && booking.atMs >= this.#oldest.atMs
  }
}
