/** `--json` with {columns}. Inside of quotes, a cell is escaped as text; elsewhere it becomes a JSON value. */
import type { Columns } from './braces.ts'
import { bodyParts } from './text.ts'
import type { Fill } from './text.ts'
import { cellText } from '../cell-text.ts'
import { UsageError } from '../usage-error.ts'

/** Throws a UsageError if no row can make the text JSON. @param sentAsIs see `bodyTemplate` */
export function jsonTemplate(text: string, columns: Columns, sentAsIs: (brace: string) => void): Fill {
  // Outside of quotes, a name in braces is not valid JSON.
  const isOutside = (at: number): boolean => !endsQuoted(text.slice(0, at), false)
  const parts = bodyParts(text, columns, '--json', sentAsIs, isOutside)
  let isQuoted = false
  const kinds = parts.map(part => {
    if (typeof part !== 'string') return isQuoted
    isQuoted = endsQuoted(part, isQuoted)
    return isQuoted
  })
  checkJson(parts.map((part, at) => (typeof part === 'string' ? part : kinds[at] ? 'x' : '0')).join(''))
  const [only] = parts
  if (parts.length === 1 && typeof only === 'string') return () => only
  return row =>
    parts
      .map((part, at) => {
        if (typeof part === 'string') return part
        const cell = row[part.column]
        return kinds[at] ? JSON.stringify(cellText(cell)).slice(1, -1) : jsonCell(cell)
      })
      .join('')
}

/** Whether the text ends inside a string. @param began whether it begins inside one */
function endsQuoted(text: string, began: boolean): boolean {
  let isQuoted = began
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\' && isQuoted) at++
    else if (text[at] === '"') isQuoted = !isQuoted
  }
  return isQuoted
}

function checkJson(sample: string): void {
  try {
    JSON.parse(sample)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`--json: expected JSON once the columns are filled in, got something else (${reason}).`)
  }
}

/**
 * An empty cell becomes null. A number, boolean, list, object or null keeps its type, also when the cell is its text. Any
 * other text becomes a string.
 */
function jsonCell(cell: unknown): string {
  if (typeof cell !== 'string') return JSON.stringify(cell ?? null)
  if (cell === '') return 'null'
  if (/^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/.test(cell)) return cell
  return JSON.stringify(cell)
}
