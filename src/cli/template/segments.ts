/**
 * Checks that the cells of a row did not make the URL of another resource: an empty cell removes a segment of the path,
 * and a URL parser resolves `.` and `..`. Only text that comes from cells is checked, because the template's own text is
 * intended.
 */
import { RowProblem } from './row-problem.ts'
import type { Expression } from './expand.ts'
import { printableUrl } from '../../core/url.ts'

/** The position of an expression's value in the URL. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly operator: Expression['operator']
  /** The expression as written, for messages. */
  readonly source: string
}

/** An empty segment or a dot segment, also percent-encoded twice, because a proxy may decode twice. */
const SUSPICIOUS = /(?<=^|\/)(?:\.|%(?:25)*2e){0,2}(?=\/|$)/gi
const SCHEME_AND_SLASHES = /^[a-z][a-z\d+.-]*:\/\//i

/** Throws a RowProblem if a cell changed the host, or made an empty segment or a dot segment of the path. */
export function checkSegments(url: string, spans: readonly Span[], allowEmpty: boolean): void {
  const hostAt = SCHEME_AND_SLASHES.exec(url)?.[0].length
  const pathAt = hostAt === undefined ? 0 : indexOf(url, /[/?#]/, hostAt)
  const end = indexOf(url, /[?#]/, pathAt)
  const atHost = spans.find(one => breaksHost(one))
  if (atHost !== undefined) throw new RowProblem(hostMessage(atHost), 'url', url)
  const atRoot = hostAt === undefined && url.startsWith('/') ? spans.find(one => isFirstAndEmpty(one)) : undefined
  if (atRoot !== undefined) throw new RowProblem(rootMessage(url, atRoot), 'url', url)
  const path = url.slice(pathAt, end)
  for (const match of path.matchAll(SUSPICIOUS)) {
    const [segment] = match
    // The empty text before the first slash is not a segment.
    if (match.index === 0 && path.startsWith('/')) continue
    const from = pathAt + match.index
    const span = spans.find(one => makes(one, from, from + segment.length))
    if (span === undefined) continue
    if (segment !== '') throw new RowProblem(dotMessage(segment, span), 'url', url)
    if (!allowEmpty) throw new RowProblem(emptyMessage(url, span), 'url', url)
  }

  function breaksHost(span: Span): boolean {
    if (hostAt === undefined) return makesSlashes(span)
    if (hostAt === pathAt) return touches(span, pathAt, pathAt)
    // The cell ends the host although the template continues it, or an empty cell stands for the port.
    const { start, end: spanEnd } = span
    if (start < hostAt) return false
    if (start === spanEnd) return start === pathAt && url[pathAt - 1] === ':'
    return start < pathAt && pathAt < spanEnd && spanEnd < url.length && !'/?#'.includes(url[spanEnd] as string)
  }

  /** In a relative URL, a host follows two slashes at the beginning. */
  function makesSlashes({ start }: Span): boolean {
    const slashes = /^\/{2,}/.exec(url)?.[0].length ?? 0
    return start < slashes
  }

  function makes(span: Span, from: number, to: number): boolean {
    const { start, operator } = span
    // Expressions of the query and the fragment do not affect the path, and neither do omitted ones.
    if ('?&#'.includes(operator) && operator !== '') return false
    const isEmpty = start === span.end
    if (isEmpty && operator !== '' && operator !== '+') return false
    // In a URL without a path, only an empty cell directly after the host was meant to be the path.
    if (path === '' && hostAt !== undefined) return isEmpty && start === from
    const isAtEnd = from === to && to === end
    // A trailing slash in `{+path}` is intended.
    if (isAtEnd && operator === '+' && start < from && from === span.end) return false
    // A cell may hold a whole URL, as a line of a list may. Only the point where the template continues it is checked.
    if (start === 0 && SCHEME_AND_SLASHES.test(url.slice(0, span.end))) return from === span.end && to === from
    return touches(span, from, to)
  }
}

/** An empty cell at the beginning, so that the slash after it begins the URL. */
const isFirstAndEmpty = ({ end, operator }: Span): boolean => end === 0 && (operator === '' || operator === '+')

const touches = ({ start, end }: Span, from: number, to: number): boolean => start <= to && from <= end

function indexOf(text: string, what: RegExp, from: number): number {
  const at = text.slice(from).search(what)
  return at === -1 ? text.length : from + at
}

function dotMessage(segment: string, { source }: Span): string {
  return `URL: expected no segment of dots in the path, got '${segment}' by ${source}. A URL parser would resolve it.`
}

function hostMessage({ source }: Span): string {
  return `URL: expected ${source} not to change the host, got a cell that removes or replaces it.`
}

function rootMessage(url: string, { source }: Span): string {
  const asked = printableUrl(url)
  return `URL: expected a value for ${source}, got none, which asks for ${asked} at the root of the host.`
}

function emptyMessage(url: string, { source }: Span): string {
  const asked = printableUrl(url)
  return `URL: expected no empty segment in the path, got one by ${source}: ${asked}. Add --allow-empty if that is intended.`
}
