/** Foreign text in HTML: no character of it is markup, moves a cursor, or changes the direction of what follows. */
import { printable } from '../core/printable.ts'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** For text between tags and for values of attributes in double quotes. */
export const html = (text: string): string =>
  printable(text).replaceAll(/[&<>"']/g, character => ENTITIES[character] as string)

/**
 * JSON between script tags: `<` would begin an end tag or a comment, and U+2028 and U+2029 end a line in old parsers. All of
 * them are escaped as JSON does, so the value stays the same.
 */
export const jsonInScript = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
