/**
 * The law of a rate, checked on time stamps alone: never more than `limit` in any interval, and never more than burst +
 * rate · (w + grace) in any window w. Independent of how the library paces.
 */
export interface Rate {
  readonly limit: number
  readonly intervalMs: number
  readonly burst: number
}

/** A late timer may be made up for by this much; part of the promise. */
export const GRACE_MS = 5
/** Stamps are sums of fractions. */
const ROUNDING_MS = 1e-6

/**
 * How many milliseconds the stamps would have to move at most for the law to hold; 0 if it holds.
 *
 * @param stampsMs in ascending order
 */
export function breachMs(stampsMs: readonly number[], rates: readonly Rate[]): number {
  return Math.max(0, ...rates.map(rate => Math.max(intervalBreachMs(stampsMs, rate), bunchBreachMs(stampsMs, rate))))
}

/** Two starts that are `limit` starts apart must be an interval apart. */
function intervalBreachMs(stampsMs: readonly number[], { limit, intervalMs }: Rate): number {
  let worstMs = 0
  for (let index = limit; index < stampsMs.length; index++) {
    const apartMs = (stampsMs[index] as number) - (stampsMs[index - limit] as number)
    worstMs = Math.max(worstMs, intervalMs - apartMs - ROUNDING_MS)
  }
  return worstMs
}

/** Over all pairs i ≤ j: j − i + 1 ≤ burst + rate · (tⱼ − tᵢ + grace). One pass, as the worst i is known at each j. */
function bunchBreachMs(stampsMs: readonly number[], { limit, intervalMs, burst }: Rate): number {
  const periodMs = intervalMs / limit
  let worstMs = 0
  let latestMs = -Infinity
  stampsMs.forEach((stampMs, index) => {
    latestMs = Math.max(latestMs, stampMs - index * periodMs)
    const breach = latestMs - (stampMs - index * periodMs) - (burst - 1) * periodMs - GRACE_MS - ROUNDING_MS
    worstMs = Math.max(worstMs, breach)
  })
  return worstMs
}

/** The most stamps in any one interval. */
export function mostIn(intervalMs: number, stampsMs: readonly number[]): number {
  let most = 0
  let from = 0
  stampsMs.forEach((stampMs, index) => {
    while (stampMs - (stampsMs[from] as number) >= intervalMs) from++
    most = Math.max(most, index - from + 1)
  })
  return most
}

/** Least time for this many starts, counted from the first, without early or late ones. */
export function idealMs(requests: number, rates: readonly Rate[]): number {
  const startsMs: number[] = []
  const fullAtMs = rates.map(() => 0)
  for (let index = 0; index < requests; index++) {
    let startMs = startsMs[index - 1] ?? 0
    rates.forEach(({ limit, intervalMs, burst }, at) => {
      startMs = Math.max(startMs, (startsMs[index - limit] ?? -Infinity) + intervalMs)
      startMs = Math.max(startMs, (fullAtMs[at] ?? 0) - ((burst - 1) * intervalMs) / limit)
    })
    rates.forEach(({ limit, intervalMs }, at) => {
      fullAtMs[at] = Math.max(fullAtMs[at] ?? 0, startMs) + intervalMs / limit
    })
    startsMs.push(startMs)
  }
  return startsMs.at(-1) ?? 0
}
