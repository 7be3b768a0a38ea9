/** URLs with {columns} (RFC 6570) and {1..500} ranges. They are checked against the columns before anything is sent. */
import { NO_ROWS } from './braces.ts'
import type { Columns } from './braces.ts'
import { expand, literalText } from './expand.ts'
import type { Expression, Variable } from './expand.ts'
import { checkSegments } from './segments.ts'
import type { Span } from './segments.ts'
import type { Fill } from './text.ts'
import { unknownColumn } from './text.ts'
import { UsageError } from '../usage-error.ts'

type UrlPart = string | Expression

const RANGE_CONTENT = /^-?\d+\.\.-?\d+(?:\.\.\d+)?$/
const EXPRESSION_OPERATORS: ReadonlySet<string> = new Set(['+', '#', '.', '/', ';', '?', '&'])

/**
 * Reads a URL template. Filling it keeps ranges as they are; a cell cannot add a range, because its braces are encoded.
 * Throws a UsageError for an unknown column. The returned Fill throws a RowProblem for a row whose URL is invalid or names
 * another resource.
 * @param allowEmpty whether cells may make empty segments of the path @param remedy added to the message for an unknown column
 */
export function urlTemplate(text: string, columns: Columns, allowEmpty: boolean, remedy = ''): Fill {
  const parts = urlParts(text, columns.names, name => {
    throw unknownColumn('URL', name, columns, remedy)
  })
  if (parts.every(part => typeof part === 'string')) {
    const whole = parts.join('')
    return () => whole
  }
  return row => {
    let url = ''
    const spans: Span[] = []
    for (const part of parts) {
      if (typeof part === 'string') url += part
      else {
        const start = url.length
        url += expand(part, row, columns.labels)
        spans.push({ start, end: url.length, operator: part.operator, source: part.source })
      }
    }
    checkSegments(url, spans, allowEmpty)
    return url
  }
}

/** Whether the text has a {column}. */
export function isTemplate(text: string): boolean {
  let has = false
  for (const token of tokensOf(text)) if (token.kind === 'braces' && !RANGE_CONTENT.test(token.text)) has = true
  return has
}

/** Reads a URL without rows: {1..500} stays, `{{x}}` becomes the text `{x}`, and other braces are refused. */
export function plainUrl(text: string): string {
  return [...tokensOf(text)].map(token => plainText(token)).join('')
}

function plainText({ kind, text }: Token): string {
  if (kind === 'text') return text
  if (kind === 'doubled') return literalText(`{${text}}`)
  if (RANGE_CONTENT.test(text)) return `{${text}}`
  throw unknownColumn('URL', missingName(text, []), NO_ROWS)
}

function urlParts(text: string, names: readonly string[], missing: (name: string) => never): UrlPart[] {
  return [...tokensOf(text)].map(token => {
    if (token.kind === 'text') return literalText(token.text)
    if (token.kind === 'doubled') return literalText(`{${token.text}}`)
    if (!names.includes(token.text) && RANGE_CONTENT.test(token.text)) return `{${token.text}}`
    return expressionOf(token.text, names) ?? missing(missingName(token.text, names))
  })
}

/** The name of a column takes precedence over RFC 6570 syntax: it may hold an operator, a comma, a colon or a star. */
function expressionOf(content: string, names: readonly string[]): Expression | undefined {
  const source = `{${content}}`
  if (names.includes(content)) return { source, operator: '', variables: [{ column: content, modifier: undefined }] }
  const [operator, list] = divided(content)
  if (names.includes(list)) return { source, operator, variables: [{ column: list, modifier: undefined }] }
  const variables = list.split(',').map(text => variableOf(text, names))
  return variables.includes(undefined) ? undefined : { source, operator, variables: variables as Variable[] }
}

function variableOf(text: string, names: readonly string[]): Variable | undefined {
  const exact = [text, text.trim()].find(name => names.includes(name))
  if (exact !== undefined) return { column: exact, modifier: undefined }
  const [, column = '', most] = /^(.*?)(?:\*|:([1-9]\d{0,3}))$/su.exec(text.trim()) ?? []
  if (!names.includes(column)) return undefined
  return { column, modifier: most === undefined ? 'explode' : Number(most) }
}

/** The first name that is not a column, without its operator and modifier. */
function missingName(content: string, names: readonly string[]): string {
  const [, list] = divided(content)
  const first = list.split(',').find(text => variableOf(text, names) === undefined) ?? list
  const bare = first.trim().replace(/(?:\*|:\d+)$/, '')
  // The name is a column, but its modifier is invalid.
  return names.includes(bare) ? first.trim() : bare
}

function divided(content: string): [operator: Expression['operator'], list: string] {
  const first = content[0] ?? ''
  return EXPRESSION_OPERATORS.has(first) ? [first as Expression['operator'], content.slice(1)] : ['', content]
}

interface Token {
  readonly kind: 'text' | 'braces' | 'doubled'
  /** Without the braces. */
  readonly text: string
}

const REMEDY = 'Write {{name}}, or %7B and %7D, for literal braces.'

/** Throws a UsageError for unpaired and for empty braces. */
function* tokensOf(text: string): Generator<Token, void> {
  let at = 0
  while (at < text.length) {
    const rest = text.slice(at)
    const next = rest.search(/[{}]/)
    if (next !== 0) {
      yield { kind: 'text', text: next === -1 ? rest : rest.slice(0, next) }
      if (next === -1) return
      at += next
      continue
    }
    const doubled = /^\{\{([^{}]+)\}\}/.exec(rest)
    const [whole = '', content = ''] = doubled ?? /^\{([^{}]*)\}/.exec(rest) ?? []
    if (whole === '') throw unbalanced(rest[0] as string, at)
    if (content === '' || EXPRESSION_OPERATORS.has(content)) throw unbalanced('{}', at)
    yield { kind: doubled === null ? 'braces' : 'doubled', text: content }
    at += whole.length
  }
}

function unbalanced(what: string, at: number): UsageError {
  return new UsageError(`URL: expected braces in pairs around a name, got ${what} at column ${at + 1}. ${REMEDY}`)
}
