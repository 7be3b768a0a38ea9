/** A URL with {columns}: RFC 6570 through `url-template`, checked against the columns before anything is sent. */
import { parseTemplate } from 'url-template'
import { nearest } from '../../config/names.ts'
import { mapRaw } from '../../core/exact-json.ts'
import { UsageError } from '../usage-error.ts'

export type Row = Readonly<Record<string, unknown>>

/** `{name}`, `{+path}`, `{?q,page}`, `{name:3}`, `{list*}`; a range is none of them. */
const EXPRESSION = /\{([+#./;?&]?)([^{}]*)\}/g
const RANGE = /^-?\d+\.\.-?\d+(?:\.\.\d+)?$/
const RANGES = /(\{-?\d+\.\.-?\d+(?:\.\.\d+)?\})/
const OPERATOR = /^[+#./;?&]/

/**
 * Fills a row in. `columns`: those that every row has, or undefined where rows may differ. @param remedy for a column that
 * is not among them
 */
export function urlTemplate(text: string, columns: readonly string[] | undefined, remedy = ''): (row: Row) => string {
  checkBraces(text)
  for (const name of namesIn(text)) {
    if (!/^[\w.%-]+$/u.test(name) && !columns?.includes(name)) {
      throw new UsageError(`URL: expected the name of a column in braces, got {${name}}. ${REMEDY}`)
    }
    if (columns !== undefined && !columns.includes(name)) throw unknownColumn('URL', name, columns, remedy)
  }
  // Ranges stay as they are: a cell cannot bring one, since its braces are encoded.
  const names = namesIn(text)
  const parts = text.split(RANGES).map((part, at) => (at % 2 === 1 ? part : parseTemplate(part)))
  // What it takes are texts, numbers and lists of them.
  const filled = (part: Filled, row: Row): string =>
    typeof part === 'string' ? part : part.expand(row as Parameters<typeof part.expand>[0])
  const [first] = parts
  if (parts.length === 1 && first !== undefined) return row => filled(first, withTexts(row, names))
  return row => {
    const texts = withTexts(row, names)
    return parts.map(part => filled(part, texts)).join('')
  }
}

/** Numbers that are more than a double holds are objects, which no URL takes. */
function withTexts(row: Row, names: readonly string[]): Row {
  if (!names.some(name => typeof row[name] === 'object')) return row
  return Object.fromEntries(names.map(name => [name, mapRaw(row[name], String)]))
}

type Filled = string | ReturnType<typeof parseTemplate>

/** Whether it has a {column}. */
export function isTemplate(text: string): boolean {
  return namesIn(text).length > 0
}

export function unknownColumn(subject: string, name: string, columns: readonly string[], more = ''): UsageError {
  const near = nearest(name, columns)
  const shown =
    columns.length === 0 ? 'rows of -i FILE or of standard input' : `one of the columns ${columns.join(', ')}`
  const remedy = near === undefined ? '' : ` Did you mean {${near}}?`
  return new UsageError(`${subject}: expected ${shown}, got {${name}}.${remedy}${more && ` ${more}`}`)
}

const REMEDY = 'Write %7B and %7D for braces that are meant.'

function namesIn(text: string): string[] {
  return [...text.matchAll(EXPRESSION)].flatMap(([, operator, names = '']) =>
    operator === '' && RANGE.test(names) ? [] : names.split(',').map(name => name.replace(/(?:\*|:\d+)$/, '').trim()),
  )
}

function checkBraces(text: string): void {
  let openedAt = -1
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]
    if (letter === '{') {
      if (openedAt !== -1) break
      openedAt = at
    } else if (letter === '}') {
      if (openedAt === -1) throw unbalanced('}', at)
      if (text.slice(openedAt + 1, at).replace(OPERATOR, '') === '') throw unbalanced('{}', openedAt)
      openedAt = -1
    }
  }
  if (openedAt !== -1) throw unbalanced('{', openedAt)
}

function unbalanced(what: string, at: number): UsageError {
  return new UsageError(`URL: expected braces in pairs around a name, got ${what} at column ${at + 1}. ${REMEDY}`)
}
