/** The outcome of a root with everything that followed: its value is the list of all items, in order. */
import { inOrder } from './pages.ts'
import { RequestError } from '../../core/error.ts'
import type { FailedOutcome, OkOutcome, Outcome } from '../../core/outcome.ts'
import type { Page, Root } from '../../core/page.ts'

export function rootOutcome({ first }: Root): Outcome {
  const items: unknown[] = []
  const warnings: string[] = []
  let attempts = 0
  let failed: FailedOutcome | undefined
  for (const page of inOrder(first)) {
    const { outcome } = page
    if (outcome === undefined) continue
    attempts += outcome.attempts
    warnings.push(...outcome.warnings)
    if (!outcome.ok) failed ??= outcome
    for (const item of itemsIn(page, outcome)) items.push(item)
  }
  if (failed !== undefined) {
    RequestError.keepItems(failed.error, items)
    return failed
  }
  const { items: _items, ...whole } = first.outcome as OkOutcome<unknown>
  return { ...whole, value: items, attempts, warnings }
}

function itemsIn({ hasItems }: Page, outcome: Outcome): readonly unknown[] {
  if (!outcome.ok) return outcome.error.items ?? []
  return hasItems ? (outcome.items ?? []) : [outcome.value]
}
