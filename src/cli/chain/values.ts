/**
 * The values of a chain as columns. `{value.id}` is a part of the value that a request is made from, `{1.value.id}` the same
 * of the first stage, and `{value}` the whole of it. A part is named as in JavaScript: names and positions with dots.
 */
import type { Row } from '../template/text.ts'
import { contentsOf } from '../template/braces.ts'

const NAME = /^(?:([1-9]\d*)\.)?value(?:\.(.+))?$/s

/** The names in braces that are values of a chain. @param stages how many stages come before */
export function valueNamesIn(texts: readonly string[], stages: number): readonly string[] {
  const names = texts.flatMap(contentsOf).flatMap(namesIn)
  return [...new Set(names)].filter(name => {
    const match = NAME.exec(name)
    return match !== null && Number(match[1] ?? 1) <= stages
  })
}

/** A URL may have operators, lists and modifiers in its braces: `{?value.page,value.size}`, `{value.tags*}`, `{value.id:3}`. */
function namesIn(content: string): string[] {
  const list = content.replace(/^[+#./;?&]/, '').split(',')
  return list.map(one => one.trim().replace(/(?:\*|:\d+)$/, ''))
}

/** The part with this name; undefined if a value does not have it. @param values of all stages so far, the first one first */
export function partNamed(name: string, values: readonly unknown[]): unknown {
  const [, stage, path] = NAME.exec(name) ?? []
  const value = values[stage === undefined ? values.length - 1 : Number(stage) - 1]
  return path === undefined ? value : partAt(value, path)
}

function partAt(value: unknown, path: string): unknown {
  let part = value
  for (const name of path.split('.')) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, name)) return undefined
    part = (part as Row)[name]
  }
  return part
}

/** What `{?value.page}` calls the part in a query: `page`. */
export function labelOf(name: string): string {
  const path = NAME.exec(name)?.[2]
  return path === undefined ? name : path.slice(path.lastIndexOf('.') + 1)
}
