/** Times of day as text. */

let lastMs = NaN
let lastText = ''

/** ISO 8601, in UTC. Many lines are made in a millisecond, and its text once. */
export function isoTime(epochMs: number): string {
  if (epochMs !== lastMs) {
    lastText = new Date(epochMs).toISOString()
    lastMs = epochMs
  }
  return lastText
}
