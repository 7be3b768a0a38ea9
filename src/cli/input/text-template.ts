/**
 * Texts with {columns} that are no URLs: headers, names, bodies. Only known columns are filled in, because braces are
 * part of many texts; in JSON they are escaped inside of quotes, and JSON values elsewhere.
 */
import type { Row } from './url-template.ts'
import { unknownColumn } from './url-template.ts'
import { cellText } from '../cell-text.ts'
import { UsageError } from '../usage-error.ts'

/** A text, or what fills a row into it. */
export type Fill = (row: Row) => string

const NAME = /\{([^{}"\s]+)\}/g

export function textTemplate(text: string, columns: readonly string[]): Fill {
  const parts = partsOf(text, columns)
  if (parts.every(part => typeof part === 'string')) return () => text
  return row => parts.map(part => (typeof part === 'string' ? part : cellText(row[part.column]))).join('')
}

/** Where rows may differ, or are not known yet: each fills in the columns that it has. */
export function rowTemplate(text: string): Fill {
  const parts = text.split(/(\{[^{}"\s]+\})/)
  return row =>
    parts
      .map((part, at) => {
        const column = at % 2 === 1 ? part.slice(1, -1) : ''
        return at % 2 === 1 && Object.hasOwn(row, column) ? cellText(row[column]) : part
      })
      .join('')
}

/** A text whose {columns} must be there. */
export function knownTemplate(text: string, columns: readonly string[], flag: string): Fill {
  const unknown = namesOf(text).find(name => !columns.includes(name))
  if (unknown !== undefined) throw unknownColumn(flag, unknown, columns)
  return textTemplate(text, columns)
}

const namesOf = (text: string): string[] => [...text.matchAll(NAME)].map(([, name = '']) => name)

/** A column by its bare name, or a text with {columns}, all of which must be there. */
export function nameTemplate(text: string, columns: readonly string[], flag: string): Fill {
  if (columns.includes(text)) return row => cellText(row[text])
  if (namesOf(text).length === 0) throw unknownColumn(flag, text, columns)
  return knownTemplate(text, columns, flag)
}

/** Throws a UsageError for a text that could never be JSON. */
export function jsonTemplate(text: string, columns: readonly string[]): Fill {
  const parts = partsOf(text, columns)
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

function partsOf(text: string, columns: readonly string[]): (string | Column)[] {
  const parts: (string | Column)[] = []
  let from = 0
  for (const match of text.matchAll(NAME)) {
    const [whole, column = ''] = match
    if (!columns.includes(column)) continue
    parts.push(text.slice(from, match.index), { column })
    from = match.index + whole.length
  }
  return [...parts, text.slice(from)]
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
