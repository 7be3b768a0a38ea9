/** The header Link, read as RFC 8288, appendix B says. Every character is looked at a bounded number of times. */

export interface Link {
  readonly target: string
  /** In lower case: relation types that are not URLs are compared without case (RFC 8288 §2.1.1). */
  readonly rels: readonly string[]
}

/**
 * The links of a page to other pages. A link with `anchor` is about another resource and is left out (RFC 8288 §3.2). An
 * entry that is not a link is skipped.
 */
export function readLinks(field: string): readonly Link[] {
  const links: Link[] = []
  let at = 0
  while (at < field.length) {
    at = skip(field, at, ' \t,')
    const end = field[at] === '<' ? field.indexOf('>', at) : -1
    if (end === -1) {
      if (field[at] === '<') break
      at = entryEnd(field, at)
      continue
    }
    const target = field.slice(at + 1, end).trim()
    const params = readParams(field, end + 1)
    at = entryEnd(field, params.end)
    // The first occurrence of a parameter counts (RFC 8288 §3.3).
    if (params.anchored || params.rel === undefined) continue
    links.push({ target, rels: params.rel.toLowerCase().split(/[ \t]+/) })
  }
  return links
}

/** The target of the first link with this relation; undefined if there is none. */
export const targetOf = (field: string | undefined, rel: string): string | undefined =>
  field === undefined ? undefined : readLinks(field).find(({ rels }) => rels.includes(rel))?.target

interface Params {
  readonly rel: string | undefined
  readonly anchored: boolean
  readonly end: number
}

function readParams(field: string, from: number): Params {
  let at = from
  let rel: string | undefined
  let anchored = false
  for (;;) {
    at = skip(field, at, ' \t')
    if (field[at] !== ';') return { rel, anchored, end: at }
    at = skip(field, at + 1, ' \t')
    const nameEnd = until(field, at, ' \t=;,')
    const name = field.slice(at, nameEnd).toLowerCase()
    at = skip(field, nameEnd, ' \t')
    let value = ''
    if (field[at] === '=') [value, at] = readValue(field, skip(field, at + 1, ' \t'))
    if (name === 'rel') rel ??= value
    else if (name === 'anchor') anchored = true
  }
}

/** A quoted string without its quotes and backslashes, or a token; and where it ends. */
function readValue(field: string, from: number): [string, number] {
  if (field[from] !== '"') {
    const end = until(field, from, ';,')
    return [field.slice(from, end).trim(), end]
  }
  const end = quotedEnd(field, from)
  return [field.slice(from + 1, end - 1).replaceAll(/\\([^])/g, '$1'), end]
}

/** Behind the closing quote of the string that opens at `from`. */
function quotedEnd(field: string, from: number): number {
  let at = from + 1
  while (at < field.length && field[at] !== '"') at += field[at] === '\\' ? 2 : 1
  return at + 1
}

/** The comma that ends this entry. */
function entryEnd(field: string, from: number): number {
  let at = from
  while (at < field.length && field[at] !== ',') at = field[at] === '"' ? quotedEnd(field, at) : at + 1
  return at
}

function skip(field: string, from: number, letters: string): number {
  let at = from
  while (at < field.length && letters.includes(field[at] as string)) at++
  return at
}

function until(field: string, from: number, letters: string): number {
  let at = from
  while (at < field.length && !letters.includes(field[at] as string)) at++
  return at
}
