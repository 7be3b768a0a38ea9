/**
 * Redis time on the monotonic clock of this process. Redis read its clock between the call and its reply, so the middle
 * of both is wrong by at most half of the round trip; the shortest round trip of late decides. The wall clock of this
 * machine is never asked.
 */

/** Clocks drift apart, so the best reply is not kept for ever. */
const KEPT_MS = 5_000
/** What the two clocks may drift apart within KEPT_MS, and what rounding costs. */
const SLACK_MS = 0.5

export class RemoteTime {
  #best: { readonly offsetMs: number; readonly roundTripMs: number; readonly atMs: number } | undefined

  /** A call was made at `sentMs`, and its reply of `atMs` said `remoteUs`. */
  learn(sentMs: number, atMs: number, remoteUs: number): void {
    const roundTripMs = atMs - sentMs
    const offsetMs = (sentMs + atMs) / 2 - remoteUs / 1_000
    const best = this.#best
    // Both replies cannot be right: the clock of Redis was set.
    const wasSet =
      best !== undefined && Math.abs(offsetMs - best.offsetMs) > (roundTripMs + best.roundTripMs) / 2 + SLACK_MS
    if (best !== undefined && !wasSet && roundTripMs > best.roundTripMs && atMs - best.atMs < KEPT_MS) return
    this.#best = { offsetMs, roundTripMs, atMs }
  }

  /** The shortest round trip of late. */
  get roundTripMs(): number {
    return this.#best?.roundTripMs ?? 0
  }

  /** MUST NOT be called before the first reply. */
  toMonotonicMs(remoteUs: number): number {
    return remoteUs / 1_000 + (this.#best as { offsetMs: number }).offsetMs
  }
}
