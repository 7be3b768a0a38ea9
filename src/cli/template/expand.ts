/**
 * Expands one expression of RFC 6570 with a row. Columns are looked up by their whole names, which may contain colons,
 * commas and blanks. Prefixes are cut between code points. An empty list counts as undefined (section 2.3).
 */
import { RowProblem } from './row-problem.ts'
import type { Row } from './text.ts'
import { cellText } from '../cell-text.ts'
import { mapRaw } from '../../core/exact-json.ts'

export interface Variable {
  readonly column: string
  /** The prefix length in code points, or `explode` (`*`). */
  readonly modifier: number | 'explode' | undefined
}

export interface Expression {
  /** The expression as written, with its braces. */
  readonly source: string
  readonly operator: '' | '+' | '#' | '.' | '/' | ';' | '?' | '&'
  readonly variables: readonly Variable[]
}

interface Style {
  readonly first: string
  readonly separator: string
  /** The text after the name of an empty value; undefined for operators that do not write names. */
  readonly ifEmpty?: string
  readonly reserved?: true
}

/** RFC 6570, section 3.2.1 and appendix A. */
const EXPRESSION_STYLES: Readonly<Record<Expression['operator'], Style>> = {
  '': { first: '', separator: ',' },
  '+': { first: '', separator: ',', reserved: true },
  '#': { first: '#', separator: ',', reserved: true },
  '.': { first: '.', separator: '.' },
  '/': { first: '/', separator: '/' },
  ';': { first: ';', separator: ';', ifEmpty: '' },
  '?': { first: '?', separator: '&', ifEmpty: '=' },
  '&': { first: '&', separator: '&', ifEmpty: '=' },
}

/** The name that a query gives to a column, where that is another one. */
export type Labels = (column: string) => string

const SAME: Labels = column => column

/** Throws a RowProblem for a value that cannot be part of a URL. */
export function expand({ operator, variables }: Expression, row: Row, labels = SAME): string {
  const style = EXPRESSION_STYLES[operator]
  const texts = variables.flatMap(variable => textsOf(variable, row[variable.column], style, labels))
  return texts.length === 0 ? '' : style.first + texts.join(style.separator)
}

/** Encodes literal text of a template. Characters that a URL may contain stay as they are. */
export function literalText(text: string): string {
  return text
    .split(/(%[\dA-Fa-f]{2})/)
    .map((part, at) => (at % 2 === 1 ? part : encodeURI(part).replaceAll('%5B', '[').replaceAll('%5D', ']')))
    .join('')
}

function textsOf({ column, modifier }: Variable, given: unknown, style: Style, labels: Labels): string[] {
  // Numbers beyond the precision of a double are objects here.
  const value = mapRaw(given, String)
  if (typeof value !== 'object' || value === null) {
    const text = scalarText(value, column)
    if (text === undefined) return []
    const shown = encodedValue(typeof modifier === 'number' ? prefix(text, modifier) : text, style)
    if (style.ifEmpty === undefined) return [shown]
    return [unreserved(labels(column)) + (shown === '' ? style.ifEmpty : `=${shown}`)]
  }
  if (typeof modifier === 'number') throw valueProblem(column, `a text to cut after ${modifier} letters`, value)
  const isList = Array.isArray(value)
  const entries = Object.entries(value).flatMap(([name, item]) => {
    const text = scalarText(item, column)
    return text === undefined ? [] : [[name, encodedValue(text, style)] as const]
  })
  if (entries.length === 0) return []
  const label = style.ifEmpty === undefined ? '' : `${unreserved(labels(column))}=`
  if (modifier === 'explode') {
    return entries.map(([name, text]) => (isList ? label + text : `${unreserved(name)}=${text}`))
  }
  const items = isList ? entries.map(([, text]) => text) : entries.flatMap(([name, text]) => [unreserved(name), text])
  return [label + items.join(',')]
}

/** Undefined for null and undefined, which RFC 6570 omits. */
function scalarText(value: unknown, column: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'object') throw valueProblem(column, 'a text, a number or a list of them', value)
  return cellText(value)
}

const prefix = (text: string, most: number): string => Array.from(text).slice(0, most).join('')

function encodedValue(text: string, { reserved }: Style): string {
  return reserved === true ? literalText(wellFormed(text)) : unreserved(text)
}

function unreserved(text: string): string {
  const toEscape = /[!'()*]/g
  return encodeURIComponent(wellFormed(text)).replaceAll(
    toEscape,
    letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function wellFormed(text: string): string {
  if (text.isWellFormed()) return text
  throw new RowProblem('URL: expected text, got half of a surrogate pair.', 'template')
}

function valueProblem(column: string, expected: string, value: object): RowProblem {
  const got = Array.isArray(value) ? 'a list' : 'an object'
  return new RowProblem(`URL: expected ${expected} for {${column}}, got ${got}.`, 'template')
}
