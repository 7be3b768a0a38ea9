/**
 * Foreign text made fit for a message and for a terminal: a server's reason phrase, a line of an input, a file's name.
 *
 * Control characters can move the cursor, recolour or retitle a terminal, and bidirectional ones show a text in another
 * order than it has. They are written as JSON writes them, so that a JSON text stays one and means the same. Whatever
 * makes a message calls `printable`; whatever writes to a terminal calls `printableLines` once more.
 */

// C0, DEL, C1; the marks, embeddings, overrides and isolates of bidirectional text; separators of lines and paragraphs.
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
// oxlint-disable-next-line no-control-regex -- the same without the line feed
const CONTROL_BUT_LINE_FEED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** One line, without a character that a terminal obeys. Text without such characters is returned as it is. */
export function printable(text: string): string {
  return text.replace(CONTROL, escaped)
}

/** The same for text of several lines. */
export function printableLines(text: string): string {
  return text.replace(CONTROL_BUT_LINE_FEED, escaped)
}

const SHORT: Readonly<Record<string, string>> = { '\n': String.raw`\n`, '\r': String.raw`\r`, '\t': String.raw`\t` }

function escaped(character: string): string {
  return SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
