/** Lists the first few braces of a body that look like a column, are none, and are sent unchanged. */
const SHOWN = 5

/** @param how the verb of the sentence: `is` or `was` */
export function sentAsIsLines(braces: readonly string[], how: string): string[] {
  const lines = braces.slice(0, SHOWN).map(brace => `${brace} is not a column and ${how} sent unchanged`)
  const more = braces.length - SHOWN
  return more > 0 ? [...lines, `${more} more braces of the body are not columns`] : lines
}
