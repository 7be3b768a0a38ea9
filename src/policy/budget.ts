/**
 * Retry budget of one host: a reserve, and a share of the requests that went well or badly before.
 *
 * A per-request maximum alone lets an outage multiply the load by it, exactly when the host can bear it least; with a
 * budget the extra load is at most `ratio` (Google SRE book, ch. 21; the same shape as tower's).
 */
export interface Budget {
  /** A request has been taken. */
  deposit(): void
  /** Whether one retry is left; takes it. */
  withdraw(): boolean
}

const ROUNDING = 1e-9

export function budget({ reserve, ratio }: { reserve: number; ratio: number }): Budget {
  let tokens = reserve
  const ceiling = Math.max(reserve, 100)
  return {
    deposit() {
      if (tokens < ceiling) tokens += ratio
    },
    withdraw() {
      // Fifths of a token do not come out even: twenty of them are a little less than four.
      if (tokens < 1 - ROUNDING) return false
      tokens--
      return true
    },
  }
}
