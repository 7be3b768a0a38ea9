/**
 * Milliseconds of the machine's monotonic clock. Unlike `performance.now()`, they can be compared between processes.
 */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6

/** Converts `performance.now()` of this process to that clock. */
export const MONOTONIC_OFFSET_MS = monotonicMs() - performance.now()
