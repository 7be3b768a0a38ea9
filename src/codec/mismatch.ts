/** The message of a value that does not fit its schema: where, and why. */

type Issue = {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** @param subject `the value` */
export function mismatch(issues: readonly Issue[], subject: string): string {
  const [first] = issues
  const path = (first?.path ?? []).map(part => String(typeof part === 'object' ? part.key : part)).join('.')
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
  return `${subject} does not fit the schema${path && ` at ${path}`}: ${first?.message ?? 'no reason given'}${more}`
}
