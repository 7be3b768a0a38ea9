/** Templates other than URLs. Unknown columns are refused, except in bodies, where braces have other uses. */
import { contentsOf, piecesOf } from './braces.ts'
import type { Columns, Piece } from './braces.ts'
import { cellText } from '../cell-text.ts'
import { UsageError } from '../usage-error.ts'
import { nearest } from '../../config/names.ts'

export type Row = Readonly<Record<string, unknown>>

/** Fills a row into a template. */
export type Fill = (row: Row) => string

export type TemplatePart = string | { readonly column: string }

/** Reads a header, parameter, form field, name or key. Throws for braces that look like a column and are none. */
export function textTemplate(text: string, columns: Columns, flag: string): Fill {
  return filling(textParts(text, columns, ({ name }) => refuse(flag, name, columns)))
}

/** Reads the bare name of a column, or a text with at least one {column}. */
export function nameTemplate(text: string, columns: Columns, flag: string): Fill {
  if (columns.names.includes(text)) return row => cellText(row[text])
  const pieces = piecesOf(text, withRows(columns))
  if (!pieces.some(({ kind }) => kind === 'column')) {
    const missing = contentsOf(text)[0]
    refuse(flag, missing ?? text, columns, missing !== undefined)
  }
  return knownTemplate(text, columns, flag)
}

/** Reads a text whose {columns} must exist. Without rows, every {column} is refused. */
export function knownTemplate(text: string, columns: Columns, flag: string): Fill {
  return filling(textParts(text, withRows(columns), ({ name }) => refuse(flag, name, columns)))
}

const withRows = (columns: Columns): Columns => (columns.from === 'none' ? { names: [], from: 'header' } : columns)

/**
 * Reads a body, which may have other braces, as JSON and GraphQL do. @param sentAsIs called with each `{name}` that is not
 * a column and is sent unchanged
 */
export function bodyTemplate(text: string, columns: Columns, sentAsIs: (brace: string) => void): Fill {
  return filling(bodyParts(text, columns, '--body', sentAsIs))
}

/** @param mustBeColumn whether a name in braces at this position can only be a column */
export function bodyParts(
  text: string,
  columns: Columns,
  flag: string,
  sentAsIs: (brace: string) => void,
  mustBeColumn: (at: number) => boolean = () => false,
): TemplatePart[] {
  return textParts(text, columns, ({ kind, name, at }) => {
    const isSlip = kind === 'close' || nearest(name, columns.names) !== undefined
    // With lines of JSON, a missing field is found during the run, too late for a warning before it.
    if (isSlip || mustBeColumn(at) || (kind === 'name' && columns.from === 'row')) refuse(flag, name, columns)
    if (kind === 'name') sentAsIs(`${flag}: {${name}}`)
  })
}

type Missing = Extract<Piece, { readonly name: string }>

/** @param missing called for braces that are no column; throws, or returns to keep them as text */
function textParts(text: string, columns: Columns, missing: (piece: Missing) => void): TemplatePart[] {
  const parts: TemplatePart[] = []
  let literal = ''
  for (const piece of piecesOf(text, columns)) {
    if (piece.kind === 'text') literal += piece.text
    else if (piece.kind === 'column') {
      parts.push(literal, { column: piece.column })
      literal = ''
    } else {
      missing(piece)
      literal += `{${piece.name}}`
    }
  }
  return [...parts, literal]
}

function filling(parts: readonly TemplatePart[]): Fill {
  const [only] = parts
  if (parts.length === 1 && typeof only === 'string') return () => only
  return row => parts.map(part => (typeof part === 'string' ? part : cellText(row[part.column]))).join('')
}

function refuse(flag: string, name: string, columns: Columns, hasBraces = true): never {
  throw unknownColumn(flag, name, columns, hasBraces ? 'Write {{name}} for literal braces.' : '')
}

export function unknownColumn(subject: string, name: string, columns: Columns, more = ''): UsageError {
  const near = nearest(name, columns.names)
  const remedy = near === undefined ? '' : ` Did you mean {${near}}?`
  return new UsageError(`${subject}: expected ${expectedOf(columns)}, got {${name}}.${remedy}${more && ` ${more}`}`)
}

function expectedOf({ names, from }: Columns): string {
  if (names.length > 0) return `one of the columns ${names.join(', ')}`
  if (from === 'none') return 'rows of -i FILE or of standard input'
  return from === 'row' ? 'a field of the line' : 'a URL with {columns} beside -i (without one, lines are requests)'
}
