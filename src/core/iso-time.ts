/** Times of day as text. */

let lastMs = NaN
let lastText = ''

/** ISO 8601, in UTC. Lines come many in a millisecond, and making the text of one takes as long as the rest of a line. */
export function isoTime(epochMs: number): string {
  if (epochMs !== lastMs) {
    lastText = new Date(epochMs).toISOString()
    lastMs = epochMs
  }
  return lastText
}
