/** The outcome of a root with everything that followed: its value is the list of all items, in order. */
import { inOrder } from './pages.ts'
import { RequestError } from '../../core/error.ts'
import type { FailedOutcome, OkOutcome, Outcome } from '../../core/outcome.ts'
import type { Root } from '../../core/page.ts'

export function rootOutcome({ first, attempts }: Root): Outcome {
  const items: unknown[] = []
  const warnings: string[] = []
  let failed: FailedOutcome | undefined
  for (const page of inOrder(first)) {
    const { outcome } = page
    if (outcome !== undefined) {
      warnings.push(...outcome.warnings)
      if (!outcome.ok) failed ??= outcome
    }
    for (const item of page.items ?? []) items.push(item)
    page.items = undefined
  }
  if (failed !== undefined) {
    RequestError.keepItems(failed.error, items)
    return failed
  }
  const { items: _items, ...whole } = first.outcome as OkOutcome<unknown>
  return { ...whole, value: items, attempts, warnings }
}
