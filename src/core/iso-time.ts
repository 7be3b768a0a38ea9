/** Times of day as text. */

let lastMs = NaN
let lastText = ''

/** ISO 8601, in UTC. The text of the last millisecond is cached, because many lines are written in one. */
export function isoTime(epochMs: number): string {
  if (epochMs !== lastMs) {
    lastText = new Date(epochMs).toISOString()
    lastMs = epochMs
  }
  return lastText
}
