/** `-w '{status} {url}\n'`: one text per outcome. */
import { nearest } from '../../config/names.ts'
import { fieldNamed } from './fields.ts'
import type { Field } from './fields.ts'
import { cellText } from '../cell-text.ts'
import { UsageError } from '../usage-error.ts'
import { reasonOf } from '../../core/callback.ts'
import { RowError } from '../../core/sink.ts'
import type { Outcome } from '../../index.ts'

const FIELD = /\{([^{}]*)\}/g
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\' }

/** @param shown a value as it is written: escaped for a terminal, else as it is */
export function writeOutTemplate(
  text: string,
  fields: Readonly<Record<string, Field>>,
  shown = (value: string): string => value,
): (outcome: Outcome) => string {
  const parts: (string | Field)[] = []
  let from = 0
  for (const match of text.matchAll(FIELD)) {
    const [whole, name = ''] = match
    const field = fieldNamed(name, fields)
    if (field === undefined) throw unknownField(name, Object.keys(fields))
    parts.push(unescaped(text.slice(from, match.index)), field)
    from = match.index + whole.length
  }
  parts.push(unescaped(text.slice(from)))
  return outcome => {
    try {
      return parts.map(part => (typeof part === 'string' ? part : shown(cellText(part(outcome))))).join('')
    } catch (error) {
      const problem = `-w: cannot write a value: ${reasonOf(error)}`
      throw new RowError(outcome.index, problem, error)
    }
  }
}

function unknownField(name: string, known: readonly string[]): UsageError {
  const near = nearest(name, known)
  const remedy = near === undefined ? '' : ` Did you mean {${near}}?`
  return new UsageError(`-w: expected one of ${known.join(', ')}, got {${name}}.${remedy}`)
}

const unescaped = (text: string): string =>
  text.replaceAll(/\\([ntr\\])/g, (_, letter: string) => ESCAPES[letter] ?? '')
