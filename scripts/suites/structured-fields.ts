/**
 * The test suite of RFC 9651. We read only lists of items with parameters, for the `RateLimit` fields, and keep the
 * text of each item and parameter until it is used as a name or a count.
 *
 * Items and parameters are therefore compared as text. A field that must be refused agrees if no count is read from it.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseCount, membersOf } from '../../src/policy/quota-fields.ts'
import type { Reason, Suite, Trial } from './trial.ts'

const REASONS: readonly Reason[] = [
  {
    rule: 'not well formed',
    because: 'a field with a small mistake still has the quota of its server, and a wrong count costs only a wait',
    applies: ({ theirs }) => theirs === REFUSED,
  },
  {
    rule: 'more than 32 members',
    because: 'no honest server has so many policies, and every lookup searches all of them',
    applies: ({ theirs, ours }) => ours === '[]' && (JSON.parse(theirs) as unknown[]).length > 32,
  },
  {
    rule: 'parameter twice',
    because:
      'RFC 9651 takes the last one; here two different values count as none, which is decided when they are looked up',
    applies: ({ ours }) =>
      (JSON.parse(ours) as string[][]).some(([, ...parameters]) => hasRepeated(parameters.map(keyOf))),
  },
]
const REFUSED = 'refused'
const keyOf = (parameter: string): string => parameter.replace(/=.*$/s, '')
const hasRepeated = (keys: readonly string[]): boolean => new Set(keys).size < keys.length

export const structuredFields: Suite = {
  name: 'structured-fields',
  reasons: REASONS,
  run: from =>
    readdirSync(from)
      .filter(file => file.endsWith('.json'))
      .flatMap(file => trialsOf(file, readFileSync(join(from, file), 'utf8'))),
}

type Bare = number | string | boolean | { readonly __type: string; readonly value: string | number }
/** An inner list has a list in place of the bare item. */
type Member = readonly [bare: Bare | readonly unknown[], parameters: readonly (readonly [key: string, value: Bare])[]]

interface FieldCase {
  readonly name: string
  readonly raw: readonly string[]
  readonly header_type: 'item' | 'list' | 'dictionary'
  readonly expected?: unknown
  readonly must_fail?: boolean
}

export function trialsOf(file: string, json: string): Trial[] {
  return (JSON.parse(json) as readonly FieldCase[]).map(each => tried(`${file}: ${each.name}`, each))
}

function tried(name: string, { raw, header_type: type, expected, must_fail: mustFail }: FieldCase): Trial {
  if (type === 'dictionary') return { name, kind: 'out', why: 'a dictionary' }
  const input = raw.join(', ')
  const ours = membersOf(input).filter(pieces => pieces.join('') !== '')
  if (mustFail === true) {
    const counts = ours.flatMap(countsOf)
    if (counts.length === 0) return { name, kind: 'agree' }
    return { name, kind: 'differ', theirs: REFUSED, ours: `counts ${counts.join(' ')}`, input }
  }
  const members = (type === 'item' ? [expected] : expected) as readonly Member[]
  if (members.some(([bare]) => Array.isArray(bare))) return { name, kind: 'out', why: 'an inner list' }
  const theirs = members.map(textsOf)
  if (theirs.flat().includes(undefined)) return { name, kind: 'out', why: 'bytes, a date or a text for display' }
  const shown = ours.map(pieces => pieces.map(plainNumber))
  if (JSON.stringify(shown) === JSON.stringify(theirs)) return { name, kind: 'agree' }
  return { name, kind: 'differ', theirs: JSON.stringify(theirs), ours: JSON.stringify(shown), input }
}

const PARAMETER = /^[a-z*][a-z\d_.*-]*=(.*)$/s

/** What we would read as a count: an item, or a parameter with a name that we look for. */
const countsOf = ([item, ...parameters]: readonly string[]): number[] =>
  [item, ...parameters.map(parameter => PARAMETER.exec(parameter)?.[1])].flatMap(text => parseCount(text) ?? [])

/** As they are written; undefined for types that a `RateLimit` field cannot hold. */
const textsOf = ([bare, parameters]: Member): (string | undefined)[] => [
  textOf(bare as Bare),
  ...parameters.map(([key, value]) => {
    const text = textOf(value)
    return value === true ? key : text && `${key}=${text}`
  }),
]

function textOf(bare: Bare): string | undefined {
  if (typeof bare === 'number') return String(bare)
  if (typeof bare === 'string') return `"${bare.replace(/["\\]/g, '\\$&')}"`
  if (typeof bare === 'boolean') return bare ? '?1' : '?0'
  return bare.__type === 'token' ? String(bare.value) : undefined
}

/** `1.0` and `01` are 1, and `;a=?1` is `;a`. */
const plainNumber = (piece: string): string =>
  piece
    .replace(/(^|=)(-?\d+(?:\.\d+)?)$/, (_, before: string, number: string) => `${before}${Number(number)}`)
    .replace(/=\?1$/, '')
