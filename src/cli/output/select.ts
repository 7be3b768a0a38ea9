/** `--select 'stars, name: full_name'`: parts of a value as JMESPath expressions, each with a name for its column. */
import { problem } from '../../core/problem.ts'
import { compilePath } from '../../paginate/jmespath.ts'
import { UsageError } from '../usage-error.ts'

export interface SelectedPart {
  readonly name: string
  readonly of: (value: unknown) => unknown
}

export interface Selection {
  readonly parts: readonly SelectedPart[]
  /** Names of parts that no value had; empty if there were no values. */
  readonly missed: () => readonly string[]
  /** Selects from a value: an object of the parts, or the part itself if there is only one and it has no explicit name. */
  readonly of: (value: unknown) => unknown
}

export function readSelection(text: string): Selection {
  const given = topLevelParts(text).map(part => {
    const [, name, path = part] = /^([\w-]+)\s*:\s*([^]+)$/.exec(part) ?? []
    // The name of a quoted member is the text inside its quotes.
    const bare = /^"([^"\\]+)"$/.exec(part)?.[1] ?? part
    return { name: name ?? bare, path, isNamed: name !== undefined }
  })
  const names = new Set<string>()
  for (const { name } of given) {
    if (names.has(name)) throw new UsageError(`--select: expected names that differ, got '${name}' twice.`)
    names.add(name)
  }
  const counted = given.map(({ name, path }) => countingPart(name, pathOf(path)))
  const parts: readonly SelectedPart[] = counted
  const [first] = parts
  const isOne = parts.length === 1 && given[0]?.isNamed === false
  return {
    parts,
    missed: () => counted.filter(({ isMissed }) => isMissed()).map(({ name }) => name),
    of:
      isOne && first !== undefined
        ? first.of
        : value => Object.fromEntries(parts.map(({ name, of }) => [name, of(value) ?? null])),
  }
}

function countingPart(name: string, of: SelectedPart['of']): SelectedPart & { readonly isMissed: () => boolean } {
  let asked = 0
  let found = 0
  return {
    name,
    of(value) {
      const part = of(value)
      asked++
      if (part !== null && part !== undefined) found++
      return part
    },
    isMissed: () => asked > 0 && found === 0,
  }
}

function pathOf(path: string): (value: unknown) => unknown {
  if (path.trim() === '') throw new UsageError('--select: expected a path between commas, got nothing. Leave it out.')
  const search = compilePath(path)
  if (typeof search === 'function') return search
  throw new UsageError(problem('--select', search.expected, search.got, search.remedy))
}

/** Splits at commas outside of brackets and quotes. */
function topLevelParts(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let from = 0
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string
    if (quote !== '') {
      if (letter === '\\') at++
      else if (letter === quote) quote = ''
    } else if (letter === '"' || letter === "'" || letter === '`') quote = letter
    else if ('([{'.includes(letter)) depth++
    else if (')]}'.includes(letter)) depth--
    else if (letter === ',' && depth === 0) {
      parts.push(text.slice(from, at).trim())
      from = at + 1
    }
  }
  return [...parts, text.slice(from).trim()]
}
