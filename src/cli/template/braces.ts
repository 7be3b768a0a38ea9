/**
 * What the braces of a text mean: the one reader for every place that may have {columns}.
 *
 * - `{x}` is a column where x is exactly the name of one, whatever letters it has.
 * - `{{x}}` is the text `{x}`, where `{x}` alone would be a column or would be taken for a slip.
 * - Otherwise braces that hold a name (letters, digits, `_ . : -`) are a missing column, and so are braces that hold
 *   something close to a column: `{customer id}` for `Customer ID`.
 * - All other braces (JSON, GraphQL, blanks, quotes) are text.
 */
import { nearest } from '../../config/names.ts'

/** What is known of the columns when a text is read. */
export interface Columns {
  readonly names: readonly string[]
  /**
   * `header`: every row has these, and nothing has been sent yet (CSV, TSV, lists; none for lines that are requests).
   * `row`: one line of JSON has these, others may have others. `none`: there are no rows, so that braces are text.
   */
  readonly from: 'header' | 'row' | 'none'
  /** Columns of other lines of JSON: this one lacks them, whatever their names look like. */
  readonly elsewhere?: readonly string[]
}

export const NO_ROWS: Columns = { names: [], from: 'none' }

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'column'; readonly column: string }
  /** No column of that name. `name`: it looks like one. `close`: it is a slip. `odd`: anything without blanks and quotes. */
  | { readonly kind: 'name' | 'close' | 'odd'; readonly name: string; readonly at: number }

const BRACES = /\{\{([^{}]+)\}\}|\{([^{}]+)\}/g
const NAME = /^[\p{L}\p{M}\p{N}_.:-]+$/u
const BLANK_OR_QUOTE = /[\s"'`]/

/** The text as pieces, in their order. */
export function piecesOf(text: string, columns: Columns): Piece[] {
  if (columns.from === 'none') return [{ kind: 'text', text }]
  const pieces: Piece[] = []
  let end = 0
  let literal = ''
  for (const match of text.matchAll(BRACES)) {
    const [whole, doubled, content = doubled ?? ''] = match
    literal += text.slice(end, match.index)
    end = match.index + whole.length
    const kind = kindOf(content, columns)
    if (kind === 'text') literal += whole
    else if (doubled !== undefined) literal += `{${content}}`
    else {
      pieces.push({ kind: 'text', text: literal })
      literal = ''
      pieces.push(kind === 'column' ? { kind, column: content } : { kind, name: content, at: match.index })
    }
  }
  return [...pieces, { kind: 'text', text: literal + text.slice(end) }]
}

function kindOf(content: string, { names, elsewhere }: Columns): Piece['kind'] {
  if (names.includes(content)) return 'column'
  if (NAME.test(content) || elsewhere?.includes(content) === true) return 'name'
  if (isClose(content, names)) return 'close'
  return BLANK_OR_QUOTE.test(content) ? 'text' : 'odd'
}

/** GraphQL writes blanks at both ends, JSON writes quotes: what has them may be close to a column by chance. */
function isClose(content: string, names: readonly string[]): boolean {
  if (content.trim() !== content || !BLANK_OR_QUOTE.test(content)) return false
  const candidates = /["'`]/.test(content) ? names.filter(name => BLANK_OR_QUOTE.test(name)) : names
  return nearest(content, candidates) !== undefined
}

/** What braces of the text hold that is a name, before any column is known. */
export function mayNameColumn(text: string): boolean {
  return contentsOf(text).some(content => !BLANK_OR_QUOTE.test(content))
}

/** What braces of the text hold: a column where there is one that is called so. */
export function contentsOf(text: string): string[] {
  return [...text.matchAll(BRACES)].flatMap(([, , content]) => (content === undefined ? [] : [content]))
}
