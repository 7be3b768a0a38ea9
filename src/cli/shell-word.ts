/** An argument as a word of a POSIX shell. Control characters are written as escapes, because a terminal would obey them. */
import { printable, printableLines } from '../core/printable.ts'

export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  if (printableLines(text) === text) return `'${text.replaceAll("'", "'\\''")}'`
  return `$'${printable(text.replaceAll(/[\\']/g, '\\$&'))}'`
}
