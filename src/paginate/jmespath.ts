/**
 * Paths as JMESPath expressions. Mistakes that would fail for every value are found when the path is compiled, before
 * anything is sent. The only module that knows the library; it is loaded when a path is used.
 */
import { compile, TreeInterpreter } from '@jmespath-community/jmespath'
import { asDoubles } from '../core/exact-json.ts'
import { reasonOf } from '../core/callback.ts'

/** Why a path cannot be used; completes "expected …, got …." */
export interface PathMistake {
  readonly expected: string
  readonly got: string
  /** A sentence; empty if there is nothing to add. */
  readonly remedy: string
}

/** Null if the value has no such part. */
export type Search = (value: unknown) => unknown

export function compilePath(path: string): Search | PathMistake {
  const hyphenated = hyphenMistake(path)
  if (hyphenated !== undefined) return hyphenated
  let compiled: ReturnType<typeof compile>
  try {
    compiled = compile(path)
  } catch (error) {
    return { expected: 'a path of JMESPath', got: `'${path}' (${reasonOf(error)})`, remedy: '' }
  }
  const reason = functionMistake(compiled)
  if (reason !== undefined) return { expected: 'functions of JMESPath', got: `'${path}' (${reason})`, remedy: '' }
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
function hyphenMistake(path: string): PathMistake | undefined {
  const name = HYPHENATED.exec(path.replace(QUOTED, text => ' '.repeat(text.length)))?.[0]
  if (name === undefined) return undefined
  const remedy = `Write "${name}" with its quotes, or ${differenceOf(name)} for the difference.`
  return { expected: 'a name with a hyphen in quotes', got: name, remedy }
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

/** Unknown functions and wrong numbers of arguments. */
function functionMistake(node: unknown): string | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  for (const inner of Object.values(node)) {
    const reason = functionMistake(inner)
    if (reason !== undefined) return reason
  }
  const { type, children } = node as { readonly type?: unknown; readonly children?: readonly unknown[] }
  if (type !== 'Function') return undefined
  try {
    const called = { ...node, children: children?.map(() => ({ type: 'Literal', value: null })) }
    TreeInterpreter.search(called as unknown as ReturnType<typeof compile>, null)
    return undefined
  } catch (error) {
    const reason = reasonOf(error)
    return /^(?:Unknown function|Invalid arity)/.test(reason) ? reason : undefined
  }
}
