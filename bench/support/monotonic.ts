/** Milliseconds of the machine's monotonic clock: processes can compare theirs, unlike those of `performance.now()`. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6

/** What to add to `performance.now()` of this process to get the same. */
export const MONOTONIC_OFFSET_MS = monotonicMs() - performance.now()
