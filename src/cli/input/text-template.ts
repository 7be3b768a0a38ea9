/**
 * Texts with {columns} that are no URLs: headers, names, bodies. `{{name}}` is the literal `{name}`. What is no column is
 * refused, but for bodies: braces are part of many, and only what looks like a slip is one. In JSON cells are escaped
 * inside of quotes, and JSON values elsewhere. Where there are no columns nothing is a template.
 */
import type { Row } from './url-template.ts'
import { unknownColumn } from './url-template.ts'
import { cellText } from '../cell-text.ts'
import { UsageError } from '../usage-error.ts'
import { nearest } from '../../config/names.ts'

/** A text, or what fills a row into it. */
export type Fill = (row: Row) => string

const NAME = /\{\{([^{}"\s]+)\}\}|\{([^{}"\s]+)\}/g

/** @param flag by which it was given, for messages */
export function textTemplate(text: string, columns: readonly string[], flag: string): Fill {
  return filling(partsOf(text, columns, name => refuseAll(name, columns, flag)))
}

/** A body: other braces stay what they are, unless they are close to a column. */
export function bodyTemplate(text: string, columns: readonly string[]): Fill {
  return filling(partsOf(text, columns, name => refuseNear(name, columns, '--body')))
}

function filling(parts: readonly Part[]): Fill {
  const [only] = parts
  if (parts.length === 1 && typeof only === 'string') return () => only
  return row => parts.map(part => (typeof part === 'string' ? part : cellText(row[part.column]))).join('')
}

/** Where rows may differ, or are not known yet: each fills in the columns that it has. */
export function rowTemplate(text: string): Fill {
  return row =>
    text.replaceAll(NAME, (whole: string, literal?: string, column?: string) => {
      if (literal !== undefined) return whole.slice(1, -1)
      return column !== undefined && Object.hasOwn(row, column) ? cellText(row[column]) : whole
    })
}

/** A text whose {columns} must be there, also where there are none. */
export function knownTemplate(text: string, columns: readonly string[], flag: string): Fill {
  const unknown = namesOf(text).find(name => !columns.includes(name))
  if (unknown !== undefined) throw unknownColumn(flag, unknown, columns, ESCAPE)
  return textTemplate(text, columns, flag)
}

/** The columns that a text asks for. */
export const namesOf = (text: string): string[] =>
  [...text.matchAll(NAME)].flatMap(([, , column]) => (column === undefined ? [] : [column]))

const ESCAPE = 'Write {{name}} for braces that are meant.'

function refuseAll(name: string, columns: readonly string[], flag: string): never {
  throw unknownColumn(flag, name, columns, ESCAPE)
}

function refuseNear(name: string, columns: readonly string[], flag: string): void {
  if (nearest(name, columns) !== undefined) refuseAll(name, columns, flag)
}

/** A column by its bare name, or a text with {columns}, all of which must be there. */
export function nameTemplate(text: string, columns: readonly string[], flag: string): Fill {
  if (columns.includes(text)) return row => cellText(row[text])
  if (namesOf(text).length === 0) throw unknownColumn(flag, text, columns)
  return knownTemplate(text, columns, flag)
}

/** Throws a UsageError for a text that could never be JSON. */
export function jsonTemplate(text: string, columns: readonly string[]): Fill {
  const parts = partsOf(text, columns, (name, at) => {
    // Outside of quotes a name in braces is no JSON either.
    if (endsQuoted(text.slice(0, at), false)) refuseNear(name, columns, '--json')
    else refuseAll(name, columns, '--json')
  })
  let isQuoted = false
  const kinds = parts.map(part => {
    if (typeof part !== 'string') return isQuoted
    isQuoted = endsQuoted(part, isQuoted)
    return isQuoted
  })
  checkJson(parts.map((part, at) => (typeof part === 'string' ? part : kinds[at] ? 'x' : '0')).join(''))
  if (parts.length === 1 && typeof parts[0] === 'string') return () => text
  return row =>
    parts
      .map((part, at) => {
        if (typeof part === 'string') return part
        const cell = row[part.column]
        return kinds[at] ? JSON.stringify(cellText(cell)).slice(1, -1) : jsonCell(cell)
      })
      .join('')
}

interface Column {
  readonly column: string
}

type Part = string | Column

function partsOf(text: string, columns: readonly string[], unknown: (name: string, at: number) => void): Part[] {
  if (columns.length === 0) return [text]
  const parts: Part[] = []
  let from = 0
  let before = ''
  for (const match of text.matchAll(NAME)) {
    const [whole, literal, column = ''] = match
    before += text.slice(from, match.index)
    from = match.index + whole.length
    if (literal !== undefined) before += whole.slice(1, -1)
    else if (columns.includes(column)) {
      parts.push(before, { column })
      before = ''
    } else {
      unknown(column, match.index)
      before += whole
    }
  }
  return [...parts, before + text.slice(from)]
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

/** An empty cell is null; what is JSON already (a number, true, an object) stays it; all else is text. */
function jsonCell(cell: unknown): string {
  if (typeof cell !== 'string') return JSON.stringify(cell ?? null)
  if (cell === '') return 'null'
  if (/^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/.test(cell)) return cell
  return JSON.stringify(cell)
}
