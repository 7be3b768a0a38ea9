/** `--json` with {columns}: a cell is escaped as text inside of quotes, and a JSON value elsewhere. */
import type { Columns } from './braces.ts'
import { bodyParts } from './text.ts'
import type { Fill } from './text.ts'
import { cellText } from '../cell-text.ts'
import { UsageError } from '../usage-error.ts'

/** Throws a UsageError for a text that could never be JSON. @param sentAsIs as of `bodyTemplate` */
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

/** Whether the text leaves a string open, given whether it began within one. */
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

/** An empty cell is null; a number, boolean, null, list or object stays one; any other text is a string. */
function jsonCell(cell: unknown): string {
  if (typeof cell !== 'string') return JSON.stringify(cell ?? null)
  if (cell === '') return 'null'
  if (/^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/.test(cell)) return cell
  return JSON.stringify(cell)
}
