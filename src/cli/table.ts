/** Rows as lines of text, with each column as wide as its widest cell. Control characters are escaped. */
import { printable } from '../core/printable.ts'

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows.map(row => row.map(printable))]
  const widths = head.map((_, column) => Math.max(...lines.map(row => (row[column] as string).length)))
  return lines
    .map(
      row =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] as number))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
