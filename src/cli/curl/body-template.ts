/**
 * The body of a pasted command, filled from rows. Cells are escaped to suit the content type: in JSON as `--json` escapes
 * them, in a form percent-encoded, in other bodies not at all. The rest of the text stays as it was pasted.
 */
import { encoded } from './data.ts'
import { cellText } from '../cell-text.ts'
import type { Columns } from '../template/braces.ts'
import { jsonTemplate } from '../template/json.ts'
import { bodyTemplate } from '../template/text.ts'
import type { Fill, Row } from '../template/text.ts'
import { UsageError } from '../usage-error.ts'

type OnUnknownBrace = (brace: string) => void

/** @param contentType as it is sent, or empty @param sentAsIs see `bodyTemplate` */
export function pastedTemplate(text: string, contentType: string, columns: Columns, sentAsIs: OnUnknownBrace): Fill {
  const type = contentType.toLowerCase()
  if (/[/+](?:x-ndjson|ndjson|jsonl|x-jsonlines|jsonlines)\b/.test(type))
    return jsonLinesTemplate(text, columns, sentAsIs)
  if (/[/+]json\b/.test(type)) return jsonTemplate(text, columns, sentAsIs)
  // Pasted JSON is often sent with curl's default type.
  if (/^\s*[[{]/.test(text)) return jsonIfAny(text, columns, sentAsIs)
  const fill = bodyTemplate(text, columns, sentAsIs)
  return type.startsWith('application/x-www-form-urlencoded') ? row => fill(encodedRow(row)) : fill
}

/** Each line is a template of its own. */
function jsonLinesTemplate(text: string, columns: Columns, sentAsIs: OnUnknownBrace): Fill {
  const fills = text.split('\n').map(line => (line.trim() === '' ? () => line : jsonTemplate(line, columns, sentAsIs)))
  return row => fills.map(fill => fill(row)).join('\n')
}

function jsonIfAny(text: string, columns: Columns, sentAsIs: OnUnknownBrace): Fill {
  try {
    return jsonTemplate(text, columns, sentAsIs)
  } catch (error) {
    if (!(error instanceof UsageError) || !error.message.includes('expected JSON')) throw error
    return bodyTemplate(text, columns, sentAsIs)
  }
}

const encodedRow = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, cell]) => [name, encoded(Buffer.from(cellText(cell)).toString('latin1'))]),
  )
