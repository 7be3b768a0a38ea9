/**
 * Reads the braces of a text. Everything that may contain {columns} uses this reader.
 *
 * - `{x}` is a column if `x` is exactly the name of a column, whatever characters it has.
 * - `{{x}}` is the text `{x}`, if `{x}` would be a column or a typing error.
 * - Other braces that hold a name (letters, digits, `_ . : -`) are a missing column. So are braces with something close
 *   to a column: `{customer id}` for `Customer ID`.
 * - All other braces (JSON, GraphQL, blanks, quotes) are text.
 */
import { nearest } from '../../config/names.ts'

/** The columns that are known when a text is read. */
export interface Columns {
  readonly names: readonly string[]
  /**
   * `header`: every row has these columns, and nothing has been sent yet (CSV, TSV, lists; empty for lines that are
   * requests). `row`: this line of JSON has these columns; other lines may differ. `none`: there are no rows, so braces
   * are text.
   */
  readonly from: 'header' | 'row' | 'none'
  /** Columns of other lines of JSON, which this line lacks. In braces they are missing columns, whatever their names. */
  readonly elsewhere?: readonly string[]
  /** The names of columns in a query, where they differ: `id` of `value.id`. */
  readonly labels?: (column: string) => string
}

export const NO_ROWS: Columns = { names: [], from: 'none' }

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'column'; readonly column: string }
  /**
   * There is no column of that name. `name`: it looks like a column. `close`: it is close to a column, probably a typing
   * error. `odd`: anything else without blanks and quotes.
   */
  | { readonly kind: 'name' | 'close' | 'odd'; readonly name: string; readonly at: number }

const BRACES = /\{\{([^{}]+)\}\}|\{([^{}]+)\}/g
const NAME = /^[\p{L}\p{M}\p{N}_.:-]+$/u
const BLANK_OR_QUOTE = /[\s"'`]/

/** Splits the text into pieces, in order. */
export function piecesOf(text: string, columns: Columns): Piece[] {
  if (columns.from === 'none') return [{ kind: 'text', text }]
  const pieces: Piece[] = []
  let end = 0
  let literal = ''
  for (const match of text.matchAll(BRACES)) {
    const [whole, doubled, content = doubled ?? ''] = match
    literal += text.slice(end, match.index)
    end = match.index + whole.length
    const kind = pieceKindOf(content, columns)
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

function pieceKindOf(content: string, { names, elsewhere }: Columns): Piece['kind'] {
  if (names.includes(content)) return 'column'
  if (NAME.test(content) || elsewhere?.includes(content) === true) return 'name'
  if (isClose(content, names)) return 'close'
  return BLANK_OR_QUOTE.test(content) ? 'text' : 'odd'
}

/** GraphQL has blanks inside its braces and JSON has quotes. Such a content may resemble a column by chance. */
function isClose(content: string, names: readonly string[]): boolean {
  if (content.trim() !== content || !BLANK_OR_QUOTE.test(content)) return false
  const candidates = /["'`]/.test(content) ? names.filter(name => BLANK_OR_QUOTE.test(name)) : names
  return nearest(content, candidates) !== undefined
}

/** Whether the text may name a column, judged before any column is known. */
export function mayNameColumn(text: string): boolean {
  return contentsOf(text).some(content => !BLANK_OR_QUOTE.test(content))
}

/** The contents of single braces, which name a column if there is one of that name. */
export function contentsOf(text: string): string[] {
  return [...text.matchAll(BRACES)].flatMap(([, , content]) => (content === undefined ? [] : [content]))
}
