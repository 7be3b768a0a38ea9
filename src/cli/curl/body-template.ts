/**
 * The body of a pasted command, filled from rows. Cells are escaped for what the body is: in JSON as `--json` does it, in a
 * form percent-encoded; elsewhere they are put in as they are. The rest of the text stays as it was pasted.
 */
import { encoded } from './data.ts'
import { bodyTemplate, jsonTemplate } from '../input/text-template.ts'
import type { Fill } from '../input/text-template.ts'
import type { Row } from '../input/url-template.ts'
import { cellText } from '../cell-text.ts'
import { UsageError } from '../usage-error.ts'

/** @param contentType as it is sent, or empty */
export function pastedTemplate(text: string, contentType: string, columns: readonly string[]): Fill {
  const type = contentType.toLowerCase()
  if (/[/+](?:x-ndjson|ndjson|jsonl|x-jsonlines|jsonlines)\b/.test(type)) return jsonLines(text, columns)
  if (/[/+]json\b/.test(type)) return jsonTemplate(text, columns)
  // Pasted JSON is often sent with curl's default type.
  if (/^\s*[[{]/.test(text)) return jsonIfAny(text, columns)
  const fill = bodyTemplate(text, columns)
  return type.startsWith('application/x-www-form-urlencoded') ? row => fill(encodedRow(row)) : fill
}

/** Line by line. */
function jsonLines(text: string, columns: readonly string[]): Fill {
  const fills = text.split('\n').map(line => (line.trim() === '' ? () => line : jsonTemplate(line, columns)))
  return row => fills.map(fill => fill(row)).join('\n')
}

function jsonIfAny(text: string, columns: readonly string[]): Fill {
  try {
    return jsonTemplate(text, columns)
  } catch (error) {
    if (!(error instanceof UsageError) || !error.message.includes('expected JSON')) throw error
    return bodyTemplate(text, columns)
  }
}

const encodedRow = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, cell]) => [name, encoded(Buffer.from(cellText(cell)).toString('latin1'))]),
  )
