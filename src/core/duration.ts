/** Durations as people write them (`'1.5s'`, `'1m30s'`) and as the program keeps them (milliseconds). */

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g

/** `'1m30s'` → 90000. Undefined if the text is not a duration. A unit is required. */
export function parseDuration(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined
  let totalMs = 0
  for (const [, amount, unit] of text.matchAll(PART)) totalMs += Number(amount) * (UNIT_MS[unit as string] as number)
  return totalMs
}

/** 90000 → `'1m30s'`, 1500 → `'1.5s'`, 12 → `'12ms'`. */
export function formatDuration(durationMs: number): string {
  if (!Number.isFinite(durationMs)) return 'for ever'
  if (durationMs < 1_000) return `${Math.round(durationMs)}ms`
  if (durationMs < 60_000) return `${Number((durationMs / 1_000).toFixed(1))}s`
  let rest = Math.round(durationMs / 1_000)
  let text = ''
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const amount = Math.floor(rest / seconds)
    if (amount > 0) text += `${amount}${unit}`
    rest -= amount * seconds
  }
  return text
}
