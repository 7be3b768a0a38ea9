/**
 * What a server says about a failure, as one sentence: the member of a JSON body that names the problem (RFC 9457,
 * OAuth 2.0, and what most APIs use), the title of an HTML page, or the first line of a text.
 */
import { errorBodyOf } from '../sinks/row.ts'
import { isPlain } from '../config/kinds.ts'
import { printable } from '../core/printable.ts'
import type { Outcome } from '../index.ts'

const MAX_SHOWN = 200
const MAX_BODY_SHOWN = 400

/** Escaped for a terminal. Undefined if the body says nothing, or is not text. */
export function serverWords(outcome: Outcome): string | undefined {
  const text = textOf(outcome)
  const said = text === undefined ? undefined : (fromJson(text) ?? fromMarkup(text) ?? fromText(text))
  return said === undefined || said === '' ? undefined : shown(said, MAX_SHOWN)
}

/** The beginning of the body on one line, escaped for a terminal. */
export function serverBody(outcome: Outcome): string | undefined {
  const text = textOf(outcome)?.trim()
  return text === undefined || text === '' ? undefined : shown(text, MAX_BODY_SHOWN)
}

function textOf(outcome: Outcome): string | undefined {
  const { body, bodyEncoding } = errorBodyOf(outcome) ?? {}
  return bodyEncoding === undefined ? body : undefined
}

function shown(text: string, most: number): string {
  const line = printable(text.replaceAll(/\s+/g, ' ').trim())
  return line.length > most ? `${line.slice(0, most)}…` : line
}

/** The most specific first. */
const NAMES = [
  'error_description',
  'detail',
  'message',
  'error',
  'errors',
  'msg',
  'reason',
  'title',
  'description',
] as const

function fromJson(text: string): string | undefined {
  if (!/^\s*[[{"]/.test(text)) return undefined
  try {
    return wordsIn(JSON.parse(text), 0)
  } catch {
    // The JSON may be cut off. Then the first of these members is searched for in the text.
    const [, value] =
      /"(?:error_description|detail|message|error|title)"\s*:\s*("(?:[^"\\]|\\.){1,500}")/.exec(text) ?? []
    return value === undefined ? undefined : stringIn(value)
  }
}

function stringIn(text: string): string | undefined {
  try {
    return String(JSON.parse(text))
  } catch {
    return undefined
  }
}

function wordsIn(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value
  if (depth > 4) return undefined
  if (Array.isArray(value)) return wordsIn(value[0], depth + 1)
  if (!isPlain(value)) return undefined
  for (const name of NAMES) {
    const words = Object.hasOwn(value, name) ? wordsIn(value[name], depth + 1) : undefined
    if (words !== undefined) return words
  }
  return undefined
}

const ELEMENTS = [/<title\b[^>]{0,200}>([^<]{1,500})/i, /<h1\b[^>]{0,200}>([^<]{1,500})/i, /<message>([^<]{1,500})/i]
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  '#39': "'",
  nbsp: ' ',
}

function fromMarkup(text: string): string | undefined {
  if (!/^\s*</.test(text)) return undefined
  const [words = ''] = ELEMENTS.flatMap(element => element.exec(text)?.[1]?.trim() || [])
  // A page without a title says nothing in one sentence.
  return words.replaceAll(/&(#?\w{1,6});/g, (entity, name: string) => ENTITIES[name] ?? entity)
}

/** JSON without any of these members is shown as it is. */
const fromText = (text: string): string | undefined =>
  text
    .split(/[\r\n]+/)
    .map(line => line.trim())
    .find(line => /[^\s{}[\]"]/.test(line))
