/**
 * Escapes foreign text (a reason phrase, a line of the input, a file name) for messages and terminals.
 *
 * Control characters can move the cursor, recolour or retitle a terminal; bidirectional characters change the order in
 * which text is shown. They are escaped as in JSON, so that JSON text stays valid and keeps its meaning. Code that
 * builds a message calls `printable`; code that writes to a terminal calls `printableLines` once more.
 */

// C0, DEL, C1; the marks, embeddings, overrides and isolates of bidirectional text; line and paragraph separators.
// oxlint-disable-next-line no-control-regex -- the pattern is for control characters
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
// oxlint-disable-next-line no-control-regex -- the same without the line feed
const CONTROL_BUT_LINE_FEED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** Returns the text as one line, with every character escaped that a terminal would act on. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapedCharacter)
}

/** The same for text of several lines: line feeds are kept. */
export function printableLines(text: string): string {
  return text.replace(CONTROL_BUT_LINE_FEED, escapedCharacter)
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
}

function escapedCharacter(character: string): string {
  return SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
