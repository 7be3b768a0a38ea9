/** The circuit breaker of a host, after its options have been read. */
export interface BreakerPlan {
  /** An integer ≥ 1. */
  readonly failures: number
  readonly windowMs: number
  /** Above 0. */
  readonly cooldownMs: number
}
