/**
 * Retry budget of one host: a reserve, plus a share of the requests made so far.
 *
 * A maximum per request alone lets an outage multiply the load by that maximum, exactly when the host can bear it
 * least. With a budget the extra load is at most `ratio` (Google SRE book, ch. 21; same shape as tower's).
 */
export interface RetryBudget {
  /** A request has started. */
  deposit(): void
  /** Takes one retry from the budget; returns whether there was one. */
  withdraw(): boolean
}

const TOKEN_ROUNDING = 1e-9

export function retryBudget({ reserve, ratio }: { reserve: number; ratio: number }): RetryBudget {
  let tokens = reserve
  const ceiling = Math.max(reserve, 100)
  return {
    deposit() {
      if (tokens < ceiling) tokens += ratio
    },
    withdraw() {
      // Floating point: twenty deposits of a fifth add up to a little less than four.
      if (tokens < 1 - TOKEN_ROUNDING) return false
      tokens--
      return true
    },
  }
}
