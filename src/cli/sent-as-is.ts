/** Lists the first few braces of a body that look like a column, are none, and are sent unchanged. */
const SHOWN = 5

/** @param how the verb of the sentence: `goes out` or `was sent` */
export function sentAsIsLines(braces: readonly string[], how: string): string[] {
  const lines = braces.slice(0, SHOWN).map(brace => `${brace} is no column, and ${how} as it stands`)
  const more = braces.length - SHOWN
  return more > 0 ? [...lines, `${more} more braces of the body are no columns`] : lines
}
