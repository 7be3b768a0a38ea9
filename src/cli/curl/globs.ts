/**
 * curl's patterns in URLs, `[1-3]`, `[a-e:2]` and `{one,two}` → the URLs that they stand for, and its backslash before a
 * brace or bracket that is meant. `{name}` is left alone: to curl one alternative, here a column. What has two meanings is
 * refused.
 */
import { UsageError } from '../usage-error.ts'

/** A larger pattern is refused: its URLs would all be held in memory. */
const MAX_URLS = 10_000

/** A text, or its alternatives in order. A range of numbers may also have preq's own spelling, which is expanded lazily. */
type Piece =
  | string
  | { readonly all: readonly string[] }
  | { readonly count: number; readonly at: (index: number) => string; readonly ours: string | undefined }

/** @param hasRows of -i: braces are their columns */
export function globbed(url: string, isOff: boolean, hasRows: boolean): string[] {
  const pieces = isOff ? [withColumns(url)] : piecesOf(url, hasRows)
  const isOurs = pieces.every(piece => typeof piece === 'string' || ('ours' in piece && piece.ours !== undefined))
  if (isOurs)
    return [pieces.map(piece => (typeof piece === 'string' ? piece : (piece as { ours: string }).ours)).join('')]
  const count = pieces.reduce((sum, piece) => sum * countOf(piece), 1)
  if (count > MAX_URLS) {
    throw refused(`a pattern of ${count} URLs`, 'Write it with {1..500}, or put the URLs into a file for -i.')
  }
  return pieces.reduce<string[]>(
    (urls, piece) => urls.flatMap(before => valuesOf(piece).map(one => before + one)),
    [''],
  )
}

const countOf = (piece: Piece): number =>
  typeof piece === 'string' ? 1 : 'all' in piece ? piece.all.length : piece.count

function valuesOf(piece: Piece): readonly string[] {
  if (typeof piece === 'string') return [piece]
  return 'all' in piece ? piece.all : Array.from({ length: piece.count }, (_, index) => piece.at(index))
}

/** An escape, braces, brackets, a bracket or brace without its other one, or what is between them. */
const TOKEN = /\\([[\]{}])|\{([^{}]*)\}|\[([^[\]]*)\]|([[\]{}])|(?:[^\\[\]{}]|\\(?![[\]{}]))+/g
/** `http://[::1]:80/` */
const ADDRESS = /^((?:[a-z][a-z\d+.-]*:\/\/)?(?:[^/?#@]*@)?\[[\da-f:.]+\])/i

function piecesOf(url: string, hasRows: boolean): Piece[] {
  const host = ADDRESS.exec(url)?.[1] ?? ''
  const pieces: Piece[] = [host]
  for (const [whole, escaped, braces, brackets, alone] of url.slice(host.length).matchAll(TOKEN)) {
    if (escaped !== undefined) pieces.push(withColumns(escaped))
    else if (braces !== undefined) pieces.push(bracesOf(braces, hasRows))
    // Empty brackets are no pattern to curl.
    else if (brackets !== undefined) pieces.push(brackets === '' ? whole : rangeOf(brackets))
    else if (alone !== undefined) throw refused(`a '${alone}' without its other half`, 'Percent-encode it, or add -g.')
    else pieces.push(whole)
  }
  return pieces
}

/** Text that curl does not search for patterns. URLs of preq are templates, so it may hold no braces except of columns. */
export function withColumns(text: string): string {
  if (!/[{}]/.test(text.replaceAll(/\{[^{}\s"',]+\}/g, ''))) return text
  throw refused('a brace that is meant', 'Write %7B for { and %7D for }.')
}

function bracesOf(inside: string, hasRows: boolean): Piece {
  if (inside === '') throw refused('empty braces', 'Write %7B%7D if they are meant.')
  if (/^-?\d+\.\.-?\d+/.test(inside)) throw refused(`{${inside}}, which is one URL to curl`, 'Write [1-3] for a range.')
  // A query expression of RFC 6570 (`{?a,b}`) is not a list of alternatives.
  if (!inside.includes(',') || /^[?&][\w.-]+(?:,[\w.-]+)*$/.test(inside)) return `{${inside}}`
  if (hasRows) {
    throw refused('{…,…} in the URL, several URLs to curl and columns to preq', 'Write {a},{b} for columns.')
  }
  return { all: inside.split(',') }
}

function rangeOf(inside: string): Piece {
  const [, first, last, step = '1'] = /^([a-z])-([a-z])(?::(\d+))?$/i.exec(inside) ?? []
  if (first !== undefined && last !== undefined) return letters(first, last, Number(step))
  const [, from, to, by = '1'] = /^(\d{1,15})-(\d{1,15})(?::(\d{1,9}))?$/.exec(inside) ?? []
  if (from === undefined || to === undefined) throw noRange()
  checkStep(Number(to) - Number(from), Number(by))
  const width = from.startsWith('0') ? from.length : 0
  const isSameHere = width <= 1 || from.length === to.length
  const count = Math.floor((Number(to) - Number(from)) / Number(by)) + 1
  return {
    count,
    at: index => String(Number(from) + index * Number(by)).padStart(width, '0'),
    ours: isSameHere ? `{${from}..${to}${by === '1' ? '' : `..${by}`}}` : undefined,
  }
}

function letters(first: string, last: string, step: number): Piece {
  const from = first.charCodeAt(0)
  const to = last.charCodeAt(0)
  // Of the same case, as curl has it.
  if (to - from > 25) throw noRange()
  checkStep(to - from, step)
  const count = Math.floor((to - from) / step) + 1
  return { all: Array.from({ length: count }, (_, index) => String.fromCharCode(from + index * step)) }
}

/** As curl has it: upwards, and by no more than there is. */
function checkStep(span: number, step: number): void {
  if (span < 0 || step === 0 || (step > span && span > 0)) throw noRange()
}

const noRange = (): UsageError =>
  refused('brackets that are no range', 'Write [1-3] or [a-c]; add -g to the command if the brackets are meant.')

const refused = (what: string, remedy: string): UsageError =>
  new UsageError(`--curl: expected a URL as curl reads it, got ${what}. ${remedy}`)
