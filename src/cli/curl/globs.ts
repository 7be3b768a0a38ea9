/**
 * Expands curl's URL patterns, `[1-3]`, `[a-e:2]` and `{one,two}`, and removes the backslash before a literal brace or
 * bracket. Keeps `{name}`, which curl reads as one alternative and preq as a column. Refuses patterns that curl and preq
 * read differently.
 */
import { UsageError } from '../usage-error.ts'

/** A larger pattern is refused, because all its URLs would be held in memory. */
const MAX_URLS = 10_000

/**
 * A text, or its alternatives in order. `ours` is a range of numbers in preq's own syntax, which is expanded lazily;
 * undefined if preq cannot express the range.
 */
type GlobPiece =
  | string
  | { readonly all: readonly string[] }
  | { readonly count: number; readonly at: (index: number) => string; readonly ours: string | undefined }

/** @param hasRows whether `-i` gives rows, so that braces name their columns */
export function globbed(url: string, isOff: boolean, hasRows: boolean): string[] {
  const pieces = isOff ? [withColumns(url)] : globPiecesOf(url, hasRows)
  const isOurs = pieces.every(piece => typeof piece === 'string' || ('ours' in piece && piece.ours !== undefined))
  if (isOurs)
    return [pieces.map(piece => (typeof piece === 'string' ? piece : (piece as { ours: string }).ours)).join('')]
  const count = pieces.reduce((sum, piece) => sum * patternSize(piece), 1)
  if (count > MAX_URLS) {
    throw refusedPattern(`a pattern of ${count} URLs`, 'Write it with {1..500}, or put the URLs into a file for -i.')
  }
  return pieces.reduce<string[]>(
    (urls, piece) => urls.flatMap(before => valuesOf(piece).map(one => before + one)),
    [''],
  )
}

const patternSize = (piece: GlobPiece): number =>
  typeof piece === 'string' ? 1 : 'all' in piece ? piece.all.length : piece.count

function valuesOf(piece: GlobPiece): readonly string[] {
  if (typeof piece === 'string') return [piece]
  return 'all' in piece ? piece.all : Array.from({ length: piece.count }, (_, index) => piece.at(index))
}

/** An escape, a pair of braces or brackets, an unpaired brace or bracket, or the text between them. */
const GLOB_TOKEN = /\\([[\]{}])|\{([^{}]*)\}|\[([^[\]]*)\]|([[\]{}])|(?:[^\\[\]{}]|\\(?![[\]{}]))+/g
/** `http://[::1]:80/` */
const ADDRESS = /^((?:[a-z][a-z\d+.-]*:\/\/)?(?:[^/?#@]*@)?\[[\da-f:.]+\])/i

function globPiecesOf(url: string, hasRows: boolean): GlobPiece[] {
  const host = ADDRESS.exec(url)?.[1] ?? ''
  const pieces: GlobPiece[] = [host]
  for (const [whole, escaped, braces, brackets, alone] of url.slice(host.length).matchAll(GLOB_TOKEN)) {
    if (escaped !== undefined) pieces.push(withColumns(escaped))
    else if (braces !== undefined) pieces.push(bracesOf(braces, hasRows))
    // curl does not treat empty brackets as a pattern.
    else if (brackets !== undefined) pieces.push(brackets === '' ? whole : globRange(brackets))
    else if (alone !== undefined)
      throw refusedPattern(`a '${alone}' without its other half`, 'Percent-encode it, or add -g.')
    else pieces.push(whole)
  }
  return pieces
}

/**
 * Text that curl does not search for patterns. preq reads URLs as templates, so the text may hold no braces except those
 * of columns.
 */
export function withColumns(text: string): string {
  if (!/[{}]/.test(text.replaceAll(/\{[^{}\s"',]+\}/g, ''))) return text
  throw refusedPattern('a literal brace', 'Write %7B for { and %7D for }.')
}

function bracesOf(inside: string, hasRows: boolean): GlobPiece {
  if (inside === '') throw refusedPattern('empty braces', 'Write %7B%7D for literal braces.')
  if (/^-?\d+\.\.-?\d+/.test(inside))
    throw refusedPattern(`{${inside}}, which curl reads as one URL`, 'Write [1-3] for a range.')
  // `{?a,b}` is a query expression of RFC 6570, not a list of alternatives.
  if (!inside.includes(',') || /^[?&][\w.-]+(?:,[\w.-]+)*$/.test(inside)) return `{${inside}}`
  if (hasRows) {
    throw refusedPattern('{…,…} in the URL: alternatives for curl, columns for preq', 'Write {a},{b} for columns.')
  }
  return { all: inside.split(',') }
}

function globRange(inside: string): GlobPiece {
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

function letters(first: string, last: string, step: number): GlobPiece {
  const from = first.charCodeAt(0)
  const to = last.charCodeAt(0)
  // curl requires both letters to be of the same case.
  if (to - from > 25) throw noRange()
  checkStep(to - from, step)
  const count = Math.floor((to - from) / step) + 1
  return { all: Array.from({ length: count }, (_, index) => String.fromCharCode(from + index * step)) }
}

/** curl requires an ascending range and a step that is not longer than the range. */
function checkStep(span: number, step: number): void {
  if (span < 0 || step === 0 || (step > span && span > 0)) throw noRange()
}

const noRange = (): UsageError =>
  refusedPattern('brackets without a range', 'Write [1-3] or [a-c], or add -g to the command for literal brackets.')

const refusedPattern = (what: string, remedy: string): UsageError =>
  new UsageError(`--curl: expected a URL as curl reads it, got ${what}. ${remedy}`)
