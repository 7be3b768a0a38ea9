/** Templates that are not URLs. Unknown columns are refused, except in bodies, where braces have other uses. */
import { contentsOf, piecesOf } from './braces.ts'
import type { Columns, Piece } from './braces.ts'
import { cellText } from '../cell-text.ts'
import { UsageError } from '../usage-error.ts'
import { nearest } from '../../config/names.ts'

export type Row = Readonly<Record<string, unknown>>

/** A text, or what fills a row into it. */
export type Fill = (row: Row) => string

export type Part = string | { readonly column: string }

/** A header, a parameter, a field of a form, a name, a key: every brace that could be a column must be one. */
export function textTemplate(text: string, columns: Columns, flag: string): Fill {
  return filling(partsOf(text, columns, ({ name }) => refuse(flag, name, columns)))
}

/** A column by its bare name, or a text with {columns}, of which there must be one. */
export function nameTemplate(text: string, columns: Columns, flag: string): Fill {
  if (columns.names.includes(text)) return row => cellText(row[text])
  const pieces = piecesOf(text, withRows(columns))
  if (!pieces.some(({ kind }) => kind === 'column')) {
    const missing = contentsOf(text)[0]
    refuse(flag, missing ?? text, columns, missing !== undefined)
  }
  return knownTemplate(text, columns, flag)
}

/** A text whose {columns} must be there, also where there are no rows that could have them. */
export function knownTemplate(text: string, columns: Columns, flag: string): Fill {
  return filling(partsOf(text, withRows(columns), ({ name }) => refuse(flag, name, columns)))
}

const withRows = (columns: Columns): Columns => (columns.from === 'none' ? { names: [], from: 'header' } : columns)

/**
 * A body: GraphQL, JSON and others have braces of their own. @param sentAsIs hears of braces with a name that is no column
 * and goes out as it stands
 */
export function bodyTemplate(text: string, columns: Columns, sentAsIs: (brace: string) => void): Fill {
  return filling(bodyParts(text, columns, '--body', sentAsIs))
}

/** @param mustBeColumn whether a name at this position of the text can be nothing else */
export function bodyParts(
  text: string,
  columns: Columns,
  flag: string,
  sentAsIs: (brace: string) => void,
  mustBeColumn: (at: number) => boolean = () => false,
): Part[] {
  return partsOf(text, columns, ({ kind, name, at }) => {
    const isSlip = kind === 'close' || nearest(name, columns.names) !== undefined
    // A line of JSON that lacks the field is found only now, too late for a warning before the run.
    if (isSlip || mustBeColumn(at) || (kind === 'name' && columns.from === 'row')) refuse(flag, name, columns)
    if (kind === 'name') sentAsIs(`${flag}: {${name}}`)
  })
}

type Missing = Extract<Piece, { readonly name: string }>

/** @param missing throws, or lets the braces be text */
function partsOf(text: string, columns: Columns, missing: (piece: Missing) => void): Part[] {
  const parts: Part[] = []
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

function filling(parts: readonly Part[]): Fill {
  const [only] = parts
  if (parts.length === 1 && typeof only === 'string') return () => only
  return row => parts.map(part => (typeof part === 'string' ? part : cellText(row[part.column]))).join('')
}

function refuse(flag: string, name: string, columns: Columns, hasBraces = true): never {
  throw unknownColumn(flag, name, columns, hasBraces ? 'Write {{name}} for braces that are meant.' : '')
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
