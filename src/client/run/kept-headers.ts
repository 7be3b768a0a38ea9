/**
 * The response headers that a line of the run file holds: those that the caller names, and those from which a resumed
 * run finds what follows a page.
 */
import type { Call } from '../../core/call.ts'
import { getAllHeaders, isSecretName } from '../../core/headers.ts'
import { shownHeader } from '../../core/outcome.ts'
import type { Outcome } from '../../core/outcome.ts'
import type { Result } from '../../core/result.ts'

/** @param named by the caller, in lower case */
export function keptHeaders(call: Call, { response }: Outcome, named: readonly string[]): readonly string[] {
  const { follow, secretNames } = call.plan
  if (follow === undefined || response === undefined) return named
  // A function may read any of them.
  const wanted = follow.follow === undefined ? ['link'] : [...response.headers.keys()]
  return [...new Set([...named, ...wanted.filter(name => !isSecretName(name, secretNames))])]
}

/**
 * Marks a page whose link to the next one holds a secret, which is not recorded: a resumed run requests the page again.
 */
export function lossOf(call: Call, result: Result, { response }: Outcome): { readonly incomplete?: 'link' } {
  if (call.plan.follow === undefined || response === undefined || result.kind !== 'reply') return {}
  const links = getAllHeaders(result.headers, 'link')
  return links.length === 0 || shownHeader(response, 'link') === links.join(', ') ? {} : { incomplete: 'link' }
}
