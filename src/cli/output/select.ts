/** `--select 'stars, name: full_name'`: parts of a value as JMESPath expressions, each with a name for its column. */
import { compile, TreeInterpreter } from '@jmespath-community/jmespath'
import { UsageError } from '../usage-error.ts'
import { asDoubles } from '../../core/exact-json.ts'
import { reasonOf } from '../../core/callback.ts'

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
  checkHyphens(path)
  let compiled: ReturnType<typeof compile>
  try {
    compiled = compile(path)
  } catch (error) {
    throw new UsageError(`--select: expected a path of JMESPath, got '${path}' (${reasonOf(error)}).`)
  }
  checkFunctions(compiled, path)
  const computes = isComputing(compiled)
  return given => {
    try {
      const value = computes ? asDoubles(given) : given
      return TreeInterpreter.search(compiled, value as Parameters<typeof TreeInterpreter.search>[1])
    } catch {
      // A JMESPath function refused the type of this value, so the value has no such part.
      return null
    }
  }
}

const QUOTED = /"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'|`(?:[^`\\]|\\[^])*`/g
const HYPHENATED = /[A-Za-z_]\w*(?:-\w+)+/

/** Refuses `total-count`, which JMESPath reads as a difference but which nearly always means a member of that name. */
function checkHyphens(path: string): void {
  const name = HYPHENATED.exec(path.replace(QUOTED, text => ' '.repeat(text.length)))?.[0]
  if (name === undefined) return
  throw new UsageError(
    `--select: expected a name with a hyphen in quotes, got ${name}. Write "${name}" with its quotes, ` +
      `or ${differenceOf(name)} for the difference.`,
  )
}

/** JMESPath writes numbers in backticks. */
const differenceOf = (name: string): string =>
  name
    .split('-')
    .map(part => (/^\d+$/.test(part) ? `\`${part}\`` : part))
    .join(' - ')

/** Nodes that need doubles; numbers kept as written must be converted for them. */
const COMPUTING: ReadonlySet<unknown> = new Set(['Arithmetic', 'Comparator', 'Function', 'Unary'])

function isComputing(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false
  return COMPUTING.has((node as { readonly type?: unknown }).type) || Object.values(node).some(isComputing)
}

/** Refuses unknown functions and wrong numbers of arguments before the run, because they fail for every value. */
function checkFunctions(node: unknown, path: string): void {
  if (typeof node !== 'object' || node === null) return
  for (const inner of Object.values(node)) checkFunctions(inner, path)
  const { type, children } = node as { readonly type?: unknown; readonly children?: readonly unknown[] }
  if (type !== 'Function') return
  try {
    const called = { ...node, children: children?.map(() => ({ type: 'Literal', value: null })) }
    TreeInterpreter.search(called as unknown as ReturnType<typeof compile>, null)
  } catch (error) {
    const reason = reasonOf(error)
    if (!/^(?:Unknown function|Invalid arity)/.test(reason)) return
    throw new UsageError(`--select: expected functions of JMESPath, got '${path}' (${reason}).`)
  }
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
